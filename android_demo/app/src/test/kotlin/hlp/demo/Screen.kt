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
import android.widget.ScrollView
import android.widget.SeekBar
import android.widget.Spinner
import android.widget.TextView
import hlp.core.DesktopRuntime
import hlp.core.Runtime
import hlp.core.Session
import hlp.core.Source
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowLooper
import java.io.ByteArrayInputStream
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer

/** A phone of usual size, 411 by 800 dp at 240 dots per inch. */
const val PORTRAIT = "w411dp-h800dp-port-notnight-hdpi"

/** The same, turned. */
const val LANDSCAPE = "w800dp-h411dp-land-notnight-hdpi"

/** The app on the desktop: its own views, resources and models, with TFLite for the desktop. */
class TestedActivity : MainActivity() {
    override fun source(): Source = change(super.source())

    override fun runtime(): Runtime = runtime

    companion object {
        /** Makes the export one that is broken. */
        var change: (Source) -> Source = { it }

        var runtime = CountedRuntime()
    }
}

/** Knows how many models are open. */
class CountedRuntime : Runtime {
    private val desktop = DesktopRuntime()

    @Volatile
    var open = 0
        private set

    override fun open(model: ByteBuffer, signature: String?): Session {
        val session = desktop.open(model, signature)
        open++
        return object : Session by session {
            override fun close() {
                open--
                session.close()
            }
        }
    }
}

/** The screen in front of a person: what they see, and what they do. */
class Screen(qualifiers: String = PORTRAIT, change: (Source) -> Source = { it }) : AutoCloseable {
    private val controller: ActivityController<TestedActivity>
    val runtime = CountedRuntime()

    init {
        RuntimeEnvironment.setQualifiers(qualifiers)
        TestedActivity.change = change
        TestedActivity.runtime = runtime
        controller = Robolectric.buildActivity(TestedActivity::class.java).setup()
        settle()
    }

    val activity: TestedActivity get() = controller.get()

    /** Waits until neither the screen nor the models have anything to do. */
    fun settle() = repeat(ROUNDS) { ShadowLooper.getAllLoopers().forEach(::settle) }

    private fun settle(looper: Looper) = try {
        shadowOf(looper).idle()
    } catch (error: IllegalStateException) {
        looper.thread.join() // It quits: its screen was closed.
    }

    // What a person does.

    fun press(id: Int) {
        activity.findViewById<View>(id).performClick()
        settle()
    }

    /** Presses the check boxes of categories or nodes, one right after the other. */
    fun tick(vararg names: String) {
        for (name in names) {
            views<CheckBox>().single { it.text.split(",").first() == name }.performClick()
        }
        settle()
    }

    /** Moves the slider of a node to a gain of 0 to 2, as a finger does. */
    fun slide(node: String, gain: Float) {
        val slider = views<SeekBar>().single { it.contentDescription == "Gain of $node" }
        moveByFinger(slider, (slider.max * gain / 2).toInt())
        settle()
    }

    /** Chooses a picture among the files of the device; null when there is no such file. */
    fun choose(content: ByteArray?) {
        startToChoose(content)
        settle()
    }

    /** The same, without waiting for it to be read. */
    fun startToChoose(content: ByteArray?) {
        val uri = Uri.parse("content://pictures/${++pictures}")
        shadowOf(activity.contentResolver).registerInputStreamSupplier(uri) {
            content?.let(::ByteArrayInputStream) ?: throw IOException("no $uri")
        }
        activity.findViewById<View>(R.id.use_picture).performClick()
        val asked = shadowOf(activity).nextStartedActivityForResult
        shadowOf(activity).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
    }

    /** Scrolls until a view is at the top, or all the way. */
    fun scrollTo(id: Int) {
        activity.findViewById<ScrollView>(R.id.controls).scrollTo(0, activity.findViewById<View>(id).top)
        settle()
    }

    /** Turns the device: the activity is made anew. */
    fun turn(qualifiers: String) {
        RuntimeEnvironment.setQualifiers(qualifiers)
        controller.recreate()
        settle()
    }

    fun pause() {
        controller.pause()
        settle()
    }

    fun resume() {
        controller.resume()
        settle()
    }

    /** Makes the preview ready, which only a device's display does by itself. */
    fun openPreview() {
        val preview = activity.findViewById<TextureView>(R.id.preview)
        val texture = SurfaceTexture(0)
        preview.setSurfaceTexture(texture)
        preview.surfaceTextureListener!!.onSurfaceTextureAvailable(texture, preview.width, preview.height)
        settle()
    }

    // What a person sees.

    val message: String get() = shownText(R.id.message)

    /** The text of a view, empty when it is not shown. */
    fun shownText(id: Int): String {
        val view = activity.findViewById<TextView>(id)
        return if (view.isShown) view.text.toString() else ""
    }

    fun visibilities(vararg ids: Int) = ids.map { activity.findViewById<View>(it).visibility }

    /** Whether frames of the camera are shown. */
    val cameraRuns: Boolean
        get() = activity.findViewById<View>(R.id.cover).visibility == View.GONE

    /** Labels of the results, the best first. */
    val results: List<String> get() = rows(R.id.results).map { it.text(R.id.label) }

    /** Of parameters, MACs, bytes and latency. */
    val changes: List<String> get() = rows(R.id.cost).drop(1).map { it.text(R.id.change) }

    /** Labels of the sliders. */
    val gains: List<String> get() = views<SeekBar>().map { it.contentDescription.toString() }

    /** How the chosen set is run. */
    val way: String get() = activity.findViewById<Spinner>(R.id.way).selectedItem.toString()

    /** The gain that is written beside a slider. */
    fun factor(node: String) = rows(R.id.gains).single { it.text(R.id.name) == node }.text(R.id.factor)

    private fun rows(id: Int) = activity.findViewById<ViewGroup>(id)
        .let { rows -> List(rows.childCount, rows::getChildAt) }.filter { it.visibility == View.VISIBLE }

    private fun View.text(id: Int) = findViewById<TextView>(id).text.toString()

    /** All shown views of a kind. */
    inline fun <reified T : View> views(): List<T> = allViews().filterIsInstance<T>()

    fun allViews(): List<View> = below(activity.window.decorView)

    private fun below(view: View): List<View> = when {
        view.visibility != View.VISIBLE -> emptyList()
        view is ViewGroup -> listOf(view) + (0 until view.childCount).flatMap { below(view.getChildAt(it)) }
        else -> listOf(view)
    }

    /** Draws it, with all animations at their end. */
    fun draw(): Bitmap {
        val root = activity.window.decorView
        root.jumpDrawablesToCurrentState()
        val bitmap = Bitmap.createBitmap(root.width, root.height, Bitmap.Config.ARGB_8888)
        root.draw(Canvas(bitmap))
        return bitmap
    }

    /** Draws it into a file of the documentation. */
    fun save(name: String) {
        val folder = File(System.getProperty("screens"))
        folder.mkdirs()
        folder.resolve("$name.png").outputStream().use {
            draw().compress(Bitmap.CompressFormat.PNG, 100, it)
        }
    }

    override fun close() {
        controller.pause().stop().destroy()
        settle()
    }

    private companion object {
        /** From the screen to the models and back, twice. */
        const val ROUNDS = 5

        var pictures = 0
    }
}

/** A CIFAR-10 test image, as a file. */
fun image(name: String): ByteArray = File(System.getProperty("images"), "$name.png").readBytes()

/** Robolectric's `setProgress` is not a person's; this is what the touch of a finger calls. */
private fun moveByFinger(slider: SeekBar, progress: Int) {
    shadowOf(slider).onSeekBarChangeListener.onProgressChanged(slider, progress, true)
}
