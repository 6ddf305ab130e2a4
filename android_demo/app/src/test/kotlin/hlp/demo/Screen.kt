package hlp.demo

import android.app.Activity
import android.content.Intent
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.SurfaceTexture
import android.net.Uri
import android.os.Looper
import android.view.TextureView
import android.view.View
import android.view.ViewGroup
import android.widget.CheckBox
import android.widget.ImageView
import android.widget.ScrollView
import android.widget.SeekBar
import android.widget.Spinner
import android.widget.TableLayout
import android.widget.TableRow
import android.widget.TextView
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import java.io.File
import java.io.InputStream
import java.time.Duration

/** The app's screen as a person uses it: looks at texts, ticks, moves, turns. */
class Screen : AutoCloseable {
    private val controller: ActivityController<DesktopActivity> =
        Robolectric.buildActivity(DesktopActivity::class.java).setup()

    val activity: DesktopActivity get() = controller.get()
    val root: View get() = activity.window.decorView
    val message: String get() = text(R.id.message)
    val labels: List<String>
        get() = children<View>(R.id.results).filter(View::isShown)
            .map { it.findViewById<TextView>(R.id.label).text.toString() }
    val boxes: List<CheckBox> get() = children(R.id.categories)
    val sliders: List<SeekBar>
        get() = children<View>(R.id.gains).mapNotNull { it.findViewById(R.id.slider) }
    val gains: List<String>
        get() = children<View>(R.id.gains).mapNotNull {
            it.findViewById<TextView>(R.id.name)?.text?.toString()
        }
    val way: String get() = view<Spinner>(R.id.way).selectedItem.toString()

    /** What is said of a category, in percent; 0 when it is not among the best. */
    fun probability(label: String): Int {
        val row = children<View>(R.id.results).getOrNull(labels.indexOf(label)) ?: return 0
        val percent = row.findViewById<TextView>(R.id.percent).text
        return percent.filter(Char::isDigit).toString().toInt()
    }

    /** Cells of the row of the cost that begins with a string; none before there is one. */
    fun cost(name: Int): List<String> {
        val rows = (0 until view<TableLayout>(R.id.cost).childCount)
            .map { view<TableLayout>(R.id.cost).getChildAt(it) as TableRow }
            .map { row ->
                (0 until row.childCount).map { (row.getChildAt(it) as TextView).text.toString() }
            }
        return rows.find { it[0] == activity.getString(name) }.orEmpty().drop(1)
    }

    fun <T : View> view(id: Int): T = activity.findViewById(id)

    fun text(id: Int): String {
        val view = view<TextView>(id)
        return if (view.isShown) view.text.toString() else ""
    }

    /** Waits until something is so, and lets the screen go on meanwhile. */
    fun await(what: String, isSo: () -> Boolean) {
        val end = System.nanoTime() + Duration.ofSeconds(60).toNanos()
        while (!isSo()) {
            check(System.nanoTime() < end) { "Waited in vain until $what; it says: $message" }
            Thread.sleep(5)
            shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(20))
        }
    }

    /** Waits until the models of the chosen set have a latency, and the full network. */
    fun awaitResults() = await("there are latencies") {
        cost(R.string.latency).let { it.isNotEmpty() && "–" !in it }
    }

    /** Ticks or unticks a node or a category by its text's beginning. */
    fun tick(name: String) {
        boxes.first { it.text.toString().substringBefore(",") == name }.performClick()
    }

    /** Moves the slider of a node as a finger does. */
    fun moveSlider(node: String, gain: Float) {
        val slider = sliders[gains.indexOfFirst { it.startsWith("$node:") }]
        val progress = (gain * 100).toInt()
        shadowOf(slider).onSeekBarChangeListener.onProgressChanged(slider, progress, true)
    }

    /** Chooses a picture of the device. */
    fun choosePicture(open: () -> InputStream) {
        val uri = Uri.parse("content://pictures/${System.nanoTime()}")
        shadowOf(activity.contentResolver).registerInputStreamSupplier(uri, open)
        view<View>(R.id.use_picture).performClick()
        val asked = shadowOf(activity).nextStartedActivityForResult
        shadowOf(activity).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
    }

    fun chooseImage(name: String) {
        choosePicture { File(System.getProperty("images"), "$name.png").inputStream() }
        await("the picture is shown") { view<ImageView>(R.id.picture).isShown }
        awaitResults()
    }

    /** Shows what is far below. */
    fun scrollToTheEnd() {
        val controls = view<View>(R.id.controls)
        (controls.parent as ScrollView).scrollTo(0, controls.height)
    }

    /** Gives the preview its texture, which a display would do. */
    fun showPreview() {
        val texture = SurfaceTexture(false)
        view<TextureView>(R.id.preview).setSurfaceTexture(texture)
        activity.onSurfaceTextureAvailable(texture, root.width, root.height)
    }

    fun pause() = controller.pause()

    fun resume() = controller.resume()

    /** Makes the activity anew, with what it saved, as when the device is turned. */
    fun recreate() {
        controller.recreate()
    }

    override fun close() {
        controller.pause().stop().destroy()
    }

    /** Writes what is on the screen as PNG, if there is a directory for it. */
    fun draw(name: String) {
        val directory = System.getProperty("drawings") ?: return
        await("all is still") { !root.isLayoutRequested }
        root.jumpDrawablesToCurrentState()
        val bitmap = Bitmap.createBitmap(root.width, root.height, Bitmap.Config.ARGB_8888)
        root.draw(Canvas(bitmap))
        File(directory, "$name.png").outputStream().use {
            check(bitmap.compress(Bitmap.CompressFormat.PNG, 100, it))
        }
    }

    @Suppress("UNCHECKED_CAST")
    private fun <T : View> children(id: Int): List<T> {
        val group = view<ViewGroup>(id)
        return (0 until group.childCount).map { group.getChildAt(it) as T }
    }
}

/** A view and all below it. */
fun View.all(): List<View> = listOf(this) +
    (this as? ViewGroup)?.run { (0 until childCount).flatMap { getChildAt(it).all() } }.orEmpty()
