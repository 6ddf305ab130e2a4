package hlp.core

import org.json.JSONObject
import java.io.File
import java.nio.ByteBuffer
import javax.imageio.ImageIO

/** What the Python side made: `tools/make_android_golden.py`. */
object Golden {
    private val folder = File(checkNotNull(javaClass.getResource("/golden.json")).toURI()).parentFile

    val json = JSONObject(folder.resolve("golden.json").readText())

    /** The models that the app ships. */
    val withGain = ModelFiles(FolderSource(File(System.getProperty("models"))))

    val withoutGain = ModelFiles(FolderSource(folder.resolve("without_gain")))

    /** Red, green and blue bytes of a real image. */
    fun image(name: String): ByteArray {
        val image = ImageIO.read(folder.resolve("images/$name.png"))
        return ByteArray(image.width * image.height * 3) { i ->
            val pixel = i / 3
            val argb = image.getRGB(pixel % image.width, pixel / image.width)
            (argb shr (16 - 8 * (i % 3))).toByte()
        }
    }
}

/** The files of a folder. */
class FolderSource(private val folder: File) : Source {
    override fun read(path: String): ByteArray = folder.resolve(path).readBytes()
}

/** A manifest of the app, changed as text. */
fun changedManifest(change: (String) -> String): ModelFiles {
    val folder = FolderSource(File(System.getProperty("models")))
    return ModelFiles { path ->
        val content = folder.read(path)
        if (path == "manifest.json") change(String(content)).toByteArray() else content
    }
}

/** Counts what is done with sessions that compute nothing. */
class CountingRuntime(private val failAt: Int = Int.MAX_VALUE) : Runtime {
    val runs = ArrayList<Int>()
    var open = 0

    override fun open(model: ByteBuffer, signature: String?): Session {
        if (runs.size == failAt) throw Problem("This runtime takes no more models.")
        val number = runs.size
        runs += 0
        open++
        return object : Session {
            override fun run(inputs: Array<ByteBuffer>, output: ByteBuffer) {
                runs[number]++
            }

            override fun close() {
                open--
            }
        }
    }
}
