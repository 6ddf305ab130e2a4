package hlp.demo

import android.Manifest
import android.view.View
import android.widget.Button
import android.widget.CheckBox
import android.widget.SeekBar
import android.widget.Spinner
import android.widget.TextView
import org.json.JSONObject
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.io.IOException
import java.nio.ByteBuffer
import java.util.zip.CRC32
import kotlin.math.max
import kotlin.math.min
import kotlin.math.pow

private const val PORTRAIT = "w411dp-h891dp-port-notnight-hdpi"
private const val LANDSCAPE = "w891dp-h411dp-land-notnight-hdpi"
private const val DARK = "w411dp-h891dp-port-night-hdpi"

@RunWith(RobolectricTestRunner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
@Config(sdk = [35], qualifiers = PORTRAIT)
class ScreenTest {
    private val screen by lazy { Screen() }

    @After
    fun close() {
        screen.close()
        DesktopActivity.broken = { _, bytes -> bytes }
        screen.awaitClosed()
    }

    // What a person does.

    @Test
    fun a_picture_is_classified() {
        screen.chooseImage("horse")
        assertEquals("horse", screen.labels.first())
        assertEquals(5, screen.labels.size)
        assertEquals("", screen.message)
        val (chosen, full, less) = screen.cost(R.string.macs)
        assertEquals(full, chosen)
        assertEquals("0 %", less)
        screen.draw("portrait_full")
    }

    @Test
    fun the_cost_falls_with_the_categories() {
        screen.chooseImage("dog")
        screen.tick("vehicle")
        screen.tick("hoofed animal")
        screen.tick("small animal")
        screen.await("two are left") { screen.labels.size == 2 }
        assertEquals(listOf("dog", "cat"), screen.labels)
        assertEquals(listOf("75,802", "208,082", "64 %"), screen.cost(R.string.parameters))
        screen.awaitResults()
        screen.draw("portrait_chosen")
    }

    @Test
    fun a_slider_changes_what_is_seen() {
        screen.chooseImage("cat")
        val before = screen.probability("cat")
        screen.moveSlider("pet", 0f)
        screen.await("the gain is lower") { "pet: 0.00" in screen.gains }
        screen.await("cats are less probable") { screen.probability("cat") < before }
        screen.scrollToTheEnd()
        screen.draw("portrait_gains")
        screen.view<Button>(R.id.reset).performClick()
        screen.await("it is as before") { screen.probability("cat") == before }
        assertTrue(screen.gains.all { it.endsWith(": 1.00") })
    }

    @Test
    fun nothing_ticked_is_said() {
        screen.chooseImage("ship")
        screen.tick("animal")
        screen.tick("vehicle")
        screen.await("it is said") { screen.message == "Tick at least one category." }
        assertEquals(emptyList<String>(), screen.labels)
        assertEquals("–", screen.cost(R.string.macs).first())
        screen.draw("portrait_nothing_ticked")
        screen.tick("ship")
        screen.await("it goes on") { screen.message == "" && screen.labels == listOf("ship") }
    }

    @Test
    @Config(qualifiers = LANDSCAPE)
    fun landscape_has_two_columns() {
        screen.chooseImage("truck")
        val (picture, results) = listOf(R.id.picture, R.id.results)
            .map { IntArray(2).also(screen.view<View>(it)::getLocationOnScreen) }
        assertTrue(results[0] > picture[0])
        assertTrue(results[1] < screen.root.height / 2)
        screen.draw("landscape")
    }

    @Test
    @Config(qualifiers = DARK)
    fun dark_has_readable_texts() {
        screen.chooseImage("airplane")
        assertReadable()
        screen.draw("portrait_dark")
    }

    @Test
    fun light_has_readable_texts() {
        screen.chooseImage("frog")
        assertReadable()
    }

    // What happens to the screen.

    @Test
    fun turning_keeps_what_was_chosen() {
        screen.chooseImage("deer")
        screen.tick("vehicle")
        screen.moveSlider("animal", 1.5f)
        screen.await("it is animals only") { screen.boxes.count(CheckBox::isChecked) == 10 }
        RuntimeEnvironment.setQualifiers(LANDSCAPE)
        screen.recreate()
        screen.awaitResults()
        assertEquals(10, screen.boxes.count(CheckBox::isChecked))
        assertTrue("animal: 1.50" in screen.gains)
        screen.await("the picture is classified again") { screen.labels.isNotEmpty() }
        assertTrue(screen.labels.none { it in listOf("ship", "truck", "airplane", "automobile") })
    }

    @Test
    fun a_pause_goes_by() {
        screen.chooseImage("bird")
        val before = screen.labels
        screen.pause()
        screen.resume()
        screen.tick("vehicle")
        screen.await("it still works") { screen.boxes.count(CheckBox::isChecked) == 10 }
        screen.awaitResults()
        assertEquals(before.first(), screen.labels.first())
    }

    @Test
    fun models_are_closed_when_the_set_changes() {
        screen.chooseImage("cat")
        assertEquals(1, CountingRuntime.open.get())
        screen.tick("craft")
        screen.awaitWay(R.string.way_parts)
        screen.awaitResults()
        val parts = CountingRuntime.open.get()
        assertTrue("$parts models", parts > 1)
        screen.tick("craft")
        screen.awaitWay(R.string.way_file)
        screen.awaitResults()
        assertEquals(1, CountingRuntime.open.get())
    }

    // What may be missing or wrong.

    @Test
    fun no_permission_is_a_state_of_the_screen() {
        screen.showPreview()
        screen.awaitMessage(R.string.no_permission)
        assertTrue(screen.view<Button>(R.id.allow).isShown)
        val asked = shadowOf(screen.activity).lastRequestedPermission.requestedPermissions
        assertEquals(listOf(Manifest.permission.CAMERA), asked.toList())
        screen.draw("portrait_no_permission")
        screen.chooseImage("ship")
        assertEquals("", screen.message)
    }

    @Test
    fun no_camera_is_a_state_of_the_screen() {
        shadowOf(RuntimeEnvironment.getApplication()).grantPermissions(Manifest.permission.CAMERA)
        screen.showPreview()
        screen.awaitMessage(R.string.no_camera)
        assertTrue(!screen.view<Button>(R.id.allow).isShown)
        screen.draw("portrait_no_camera")
    }

    @Test
    fun a_file_that_is_no_picture_is_said() {
        screen.chooseImage("cat")
        screen.choosePicture { "no picture".byteInputStream() }
        screen.await("it is said") { screen.message.startsWith("This file is no picture") }
    }

    @Test
    fun a_picture_of_100_megapixels_is_said() {
        screen.choosePicture { pngOf(10_000, 10_000).inputStream() }
        screen.await("it is said") { "megapixels" in screen.message }
        screen.draw("portrait_too_large")
    }

    @Test
    fun a_picture_that_cannot_be_opened_is_said() {
        screen.choosePicture { throw IOException("gone") }
        screen.awaitMessage(R.string.picture_failed)
    }

    @Test
    fun a_newer_manifest_is_said() {
        DesktopActivity.broken = { path, bytes ->
            val text = bytes.decodeToString()
            if (path != "manifest.json") bytes
            else JSONObject(text).put("version", 999).toString().encodeToByteArray()
        }
        screen.await("it is said") { "999" in screen.message }
        assertTrue("There is nothing to choose.", !screen.view<View>(R.id.controls).isShown)
        screen.draw("portrait_newer_manifest")
    }

    @Test
    fun a_missing_file_is_said() {
        DesktopActivity.broken = { path, bytes ->
            if (path.endsWith(".tflite")) throw IOException("gone") else bytes
        }
        screen.await("it is said") { "is missing" in screen.message }
    }

    @Test
    fun a_changed_file_is_said() {
        DesktopActivity.broken = { path, bytes ->
            if (path.endsWith(".tflite")) bytes.also { it[it.size / 2]++ } else bytes
        }
        screen.await("it is said") { "is not the file that was exported" in screen.message }
    }

    // Whom it is for.

    @Test
    fun all_that_is_touched_is_large_and_has_a_name() {
        screen.showPreview()
        screen.await("there is a button to allow") { screen.view<Button>(R.id.allow).isShown }
        screen.await("there are sliders") { screen.sliders.isNotEmpty() }
        val least = 48 * screen.activity.resources.displayMetrics.density
        val touched = screen.root.all().filter {
            it.isShown && (it is Button || it is SeekBar || it is Spinner)
        }
        assertTrue("${touched.size} views", touched.size > 20)
        for (view in touched) {
            val label = screen.root.all().find { it.labelFor == view.id } as? TextView
            val name = view.contentDescription ?: (view as? TextView ?: label)?.text
            assertTrue("$view has no name", !name.isNullOrBlank())
            val size = min(view.width, view.height)
            assertTrue("$name is $size pixels wide or high", size >= least)
        }
    }

    private fun assertReadable() {
        val attributes = intArrayOf(android.R.attr.colorBackground)
        val colours = screen.activity.obtainStyledAttributes(attributes)
        val background = colours.getColor(0, 0)
        colours.recycle()
        val texts = screen.view<View>(R.id.controls).all().filterIsInstance<TextView>()
            .filter { it.isShown && it.text.isNotEmpty() }
        assertTrue(texts.size > 30)
        for (text in texts) {
            val ratio = contrast(text.currentTextColor, background)
            assertTrue("${text.text}: $ratio", ratio >= 4.5)
        }
    }

    private fun Screen.awaitMessage(id: Int) =
        await("it is said") { message == activity.getString(id) }

    private fun Screen.awaitWay(id: Int) =
        await("it runs another way") { way == activity.getString(id) }

    private fun Screen.awaitClosed() =
        await("all models are closed") { CountingRuntime.open.get() == 0 }
}

/** The beginning of a PNG file, which says how large the picture is. */
private fun pngOf(width: Int, height: Int): ByteArray {
    val header = ByteBuffer.allocate(17).put("IHDR".toByteArray()).putInt(width).putInt(height)
        .put(byteArrayOf(8, 2, 0, 0, 0)).array()
    val checksum = CRC32().apply { update(header) }.value.toInt()
    val signature = byteArrayOf(-119, 80, 78, 71, 13, 10, 26, 10)
    return signature + ByteBuffer.allocate(25).putInt(13).put(header).putInt(checksum).array() +
        ByteBuffer.allocate(12).putInt(0).put("IDAT".toByteArray()).array()
}

/** Contrast of two colours, of 1 to 21, as WCAG 2 defines it. */
private fun contrast(one: Int, other: Int): Double {
    val (a, b) = listOf(one, other).map(::luminance)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

private fun luminance(colour: Int): Double {
    val (red, green, blue) = listOf(16, 8, 0).map { shift ->
        val part = (colour shr shift and 255) / 255.0
        if (part <= 0.03928) part / 12.92 else ((part + 0.055) / 1.055).pow(2.4)
    }
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
