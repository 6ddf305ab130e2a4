package hlp.demo

import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ScreensTest {
    @Test
    fun aPicture() = Screen().use { screen ->
        screen.choose(image("cat"))
        screen.save("portrait_full")
        assertEquals("", screen.message)
    }
}
