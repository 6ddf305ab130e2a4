package hlp.demo

import android.content.res.AssetManager
import hlp.core.Source

/** An export among the assets of the app. */
class AssetSource(private val assets: AssetManager, private val folder: String) : Source {
    override fun read(path: String): ByteArray = assets.open("$folder/$path").use { it.readBytes() }
}
