package hlp.demo

import android.Manifest
import android.content.Context
import android.hardware.camera2.CameraManager
import android.view.View
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowCameraCharacteristics

/** What stays and what is closed when the device is turned or the app left. */
@RunWith(RobolectricTestRunner::class)
class LifecycleTest {
    @Test
    fun keepsAllWhenTheDeviceIsTurned() = Screen().use { screen ->
        screen.choose(image("cat"))
        screen.tick("vehicle")
        screen.tick("hoofed animal")
        screen.slide("pet", 0.5f)
        val before = screen.activity
        val results = screen.results
        val changes = screen.changes.take(3)
        screen.turn(LANDSCAPE)
        assertTrue(screen.activity !== before)
        assertEquals(results, screen.results)
        assertEquals(changes, screen.changes.take(3))
        assertEquals("0.50", screen.factor("pet"))
        assertEquals(View.VISIBLE, screen.activity.findViewById<View>(R.id.picture).visibility)
    }

    @Test
    fun keepsAnEmptySelection() = Screen().use { screen ->
        screen.tick("animal")
        screen.tick("vehicle")
        screen.turn(LANDSCAPE)
        assertEquals("Tick at least one category.", screen.message)
    }

    @Test
    fun closesTheModelsOfTheSetBefore() = Screen().use { screen ->
        assertEquals(1, screen.runtime.open)
        screen.tick("airplane") // Trunk, six branches and heads.
        val parts = screen.runtime.open
        assertTrue("$parts", parts > 1)
        screen.tick("airplane")
        assertEquals(1, screen.runtime.open)
        screen.turn(LANDSCAPE)
        assertEquals(1, screen.runtime.open)
    }

    @Test
    fun closesAllModelsAtTheEnd() {
        val screen = Screen()
        screen.tick("airplane")
        screen.close()
        assertEquals(0, screen.runtime.open)
    }

    @Test
    fun forgetsAPictureWhenTheCameraIsChosenAfterIt() = Screen().use { screen ->
        screen.startToChoose(image("cat"))
        screen.press(R.id.use_camera)
        assertEquals(emptyList<String>(), screen.results)
        assertEquals(listOf(View.GONE), screen.visibilities(R.id.picture))
    }

    @Test
    fun runsTheCameraOnlyInFront() {
        val screen = Screen()
        val application = screen.activity.application
        shadowOf(application).grantPermissions(Manifest.permission.CAMERA)
        val manager = application.getSystemService(Context.CAMERA_SERVICE) as CameraManager
        shadowOf(manager).addCamera("0", ShadowCameraCharacteristics.newCameraCharacteristics())
        screen.openPreview()
        assertEquals("", screen.message)
        assertTrue(screen.cameraRuns)
        screen.pause()
        assertTrue(!screen.cameraRuns)
        screen.resume()
        assertTrue(screen.cameraRuns)
        screen.choose(image("cat"))
        assertTrue(!screen.cameraRuns)
        screen.pause()
        screen.resume()
        assertTrue(!screen.cameraRuns)
        assertEquals("cat", screen.results.first())
        screen.press(R.id.use_camera)
        assertTrue(screen.cameraRuns)
        screen.close()
    }
}
