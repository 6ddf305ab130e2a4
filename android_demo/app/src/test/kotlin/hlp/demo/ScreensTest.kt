package hlp.demo

import android.Manifest
import android.view.View
import hlp.core.Source
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import java.io.FileNotFoundException
import javax.imageio.ImageIO

/** The states of the screen; each is also drawn, for docs/android.md. */
@RunWith(RobolectricTestRunner::class)
class ScreensTest {
    @Test
    fun classifiesAPictureWithTheFullNetwork() = Screen().use { screen ->
        screen.choose(image("cat"))
        screen.save("portrait_full")
        assertEquals("", screen.message)
        assertEquals("cat", screen.results.first())
        assertEquals(5, screen.results.size)
        assertEquals(listOf("0 %", "0 %", "0 %"), screen.changes.take(3))
        assertEquals("as a file of its own", screen.way)
        assertEquals(7, screen.gains.size)
    }

    @Test
    fun costsLessForFewerCategories() = Screen().use { screen ->
        screen.choose(image("cat"))
        screen.tick("vehicle")
        val withoutVehicles = screen.changes
        screen.tick("small animal")
        screen.tick("hoofed animal")
        screen.save("portrait_pets")
        assertEquals(listOf("cat", "dog"), screen.results.sorted())
        assertEquals(listOf("Gain of animal", "Gain of pet"), screen.gains)
        for ((less, more) in screen.changes.zip(withoutVehicles).take(3)) {
            assertTrue("$less, $more", percent(less) < percent(more) && percent(more) < 0)
        }
    }

    @Test
    fun showsWhatWasChosenLast() = Screen().use { screen ->
        screen.choose(image("cat"))
        screen.tick("vehicle", "small animal", "hoofed animal")
        assertEquals(listOf("cat", "dog"), screen.results.sorted())
    }

    @Test
    fun runsASetWithoutAFileAsTrunkAndBranches() = Screen().use { screen ->
        screen.choose(image("ship"))
        screen.tick("animal")
        screen.tick("truck")
        assertEquals("as trunk and branches", screen.way)
        assertEquals("ship", screen.results.first())
        assertEquals(3, screen.results.size)
    }

    @Test
    fun movesGains() = Screen().use { screen ->
        screen.choose(image("dog"))
        screen.tick("airplane")
        val computed = percent(screen.changes[1])
        screen.slide("vehicle", 0f)
        screen.slide("pet", 1.5f)
        screen.scrollTo(R.id.gains_section)
        screen.save("gains")
        assertEquals(listOf("0.00", "1.50"), listOf("vehicle", "pet").map(screen::factor))
        // A branch that lets nothing through is not computed.
        assertTrue(percent(screen.changes[1]) < computed)
        screen.press(R.id.reset)
        assertEquals(listOf("1.00", "1.00"), listOf("vehicle", "pet").map(screen::factor))
        assertEquals(computed, percent(screen.changes[1]))
    }

    @Test
    fun usesALandscape() = Screen(LANDSCAPE).use { screen ->
        screen.choose(image("ship"))
        screen.tick("animal")
        screen.save("landscape")
        assertEquals("ship", screen.results.first())
    }

    @Test
    fun isDarkAtNight() = Screen(PORTRAIT.replace("notnight", "night")).use { screen ->
        screen.choose(image("horse"))
        screen.tick("vehicle")
        screen.save("dark")
        assertEquals("horse", screen.results.first())
    }

    @Test
    fun isDarkInLandscape() = Screen(LANDSCAPE.replace("notnight", "night")).use { screen ->
        screen.choose(image("frog"))
        screen.save("dark_landscape")
    }

    @Test
    fun fitsASmallPhoneWithLargeText() {
        RuntimeEnvironment.setFontScale(1.3f)
        Screen("w320dp-h570dp-port-notnight-hdpi").use { screen ->
            screen.choose(image("deer"))
            screen.save("small")
        }
    }

    @Test
    fun saysThatTheCameraMayNotBeUsed() = Screen().use { screen ->
        screen.openPreview()
        assertTrue(screen.message, "may not be used" in screen.message)
        assertEquals("Allow the camera", screen.shownText(R.id.allow))
        screen.save("no_permission")
        screen.choose(image("cat"))
        assertEquals("", screen.message + screen.shownText(R.id.allow))
        assertEquals("cat", screen.results.first())
    }

    @Test
    fun saysThatThereIsNoCamera() = Screen().use { screen ->
        shadowOf(screen.activity.application).grantPermissions(Manifest.permission.CAMERA)
        screen.openPreview()
        assertTrue(screen.message, "has no camera" in screen.message)
        assertEquals("", screen.shownText(R.id.allow))
        screen.save("no_camera")
    }

    @Test
    fun asksForATick() = Screen().use { screen ->
        screen.choose(image("cat"))
        screen.tick("animal")
        screen.tick("vehicle")
        screen.save("nothing_ticked")
        assertEquals("Tick at least one category.", screen.message)
        assertEquals(emptyList<String>(), screen.results)
        assertEquals(listOf("–", "–", "–", "–"), screen.changes)
        assertEquals(listOf(View.INVISIBLE, View.GONE), screen.visibilities(R.id.way, R.id.gains_section))
        assertEquals(0, screen.runtime.open)
        screen.tick("cat")
        assertEquals("", screen.message)
        assertEquals(listOf("cat"), screen.results)
    }

    @Test
    fun saysThatTheManifestIsNewer() {
        val newer = changed("manifest.json") {
            String(it).replace("\"version\": 3\n", "\"version\": 4\n").toByteArray()
        }
        Screen(change = newer).use { screen ->
            screen.save("newer_manifest")
            assertTrue(screen.message, "newer app" in screen.message)
        }
    }

    @Test
    fun saysThatTheManifestIsMissing() =
        Screen(change = changed("manifest.json", ::missing)).use { screen ->
            assertTrue(screen.message, "manifest.json is missing" in screen.message)
        }

    @Test
    fun saysThatAModelIsMissing() = Screen(change = changed("pet.tflite", ::missing)).use { screen ->
        screen.choose(image("cat"))
        for (name in listOf("vehicle", "small animal", "hoofed animal")) screen.tick(name)
        screen.save("missing_model")
        assertTrue(screen.message, "pet.tflite is missing" in screen.message)
        assertEquals(0, screen.runtime.open)
        screen.tick("bird")
        assertEquals("", screen.message)
    }

    @Test
    fun saysThatAModelIsAnother() {
        val changed = changed("pet.tflite") { it[it.size / 2]++; it }
        Screen(change = changed).use { screen ->
            for (name in listOf("vehicle", "small animal", "hoofed animal")) screen.tick(name)
            assertTrue(screen.message, "pet.tflite is not the file that was exported" in screen.message)
        }
    }

    @Test
    fun saysThatAFileIsNoPicture() = Screen().use { screen ->
        screen.choose(image("cat"))
        screen.choose("no picture".toByteArray())
        screen.save("no_picture")
        assertTrue(screen.message, "no picture that can be read" in screen.message)
        assertEquals(emptyList<String>(), screen.results)
        screen.choose(image("dog"))
        assertEquals("", screen.message)
        assertEquals("dog", screen.results.first())
    }

    @Test
    fun saysThatAPictureIsTooLarge() = Screen().use { screen ->
        screen.choose(png(10_000, 10_000))
        assertTrue(screen.message, "100 megapixels" in screen.message)
    }

    @Test
    fun saysThatAPictureCannotBeOpened() = Screen().use { screen ->
        screen.choose(null)
        assertTrue(screen.message, "cannot be opened" in screen.message)
    }

    private fun percent(change: String) = change.replace("−", "-").removeSuffix(" %").toInt()

    /** An export in which a file has other content. */
    private fun changed(name: String, change: (ByteArray) -> ByteArray): (Source) -> Source = { source ->
        Source { path -> source.read(path).let { if (path == name) change(it) else it } }
    }

    private fun missing(content: ByteArray): ByteArray =
        throw FileNotFoundException("${content.size} bytes are not there")

    /** A black picture. */
    private fun png(width: Int, height: Int): ByteArray {
        val file = ByteArrayOutputStream()
        ImageIO.write(BufferedImage(width, height, BufferedImage.TYPE_BYTE_BINARY), "png", file)
        return file.toByteArray()
    }
}
