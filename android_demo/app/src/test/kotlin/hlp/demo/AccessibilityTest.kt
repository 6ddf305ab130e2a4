package hlp.demo

import android.graphics.Bitmap
import android.graphics.Color
import android.graphics.Rect
import android.view.View
import android.widget.SeekBar
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** What TalkBack says, what a finger hits and what can be read, in every state of the screen. */
@RunWith(RobolectricTestRunner::class)
class AccessibilityTest {
    @Test
    fun inLight() = check("$TALL-port-notnight-hdpi")

    @Test
    fun inDark() = check("$TALL-port-night-hdpi")

    @Test
    fun onASmallPhone() = check("w320dp-h2800dp-port-notnight-hdpi")

    @Test
    fun inLandscape() = check("w1700dp-h2400dp-land-night-hdpi")

    private fun check(qualifiers: String) = Screen(qualifiers).use { screen ->
        screen.openPreview()
        check(screen) // With the button that asks for the camera.
        screen.choose(image("ship"))
        screen.tick("airplane")
        check(screen)
        screen.tick("animal")
        screen.tick("vehicle")
        screen.tick("vehicle")
        check(screen) // With a message on a picture.
    }

    private fun check(screen: Screen) {
        val pressed = screen.allViews().filter { it.isClickable || it is SeekBar }
        assertEquals(emptyList<String>(), pressed.filter { label(it).isBlank() }.map(::name))
        assertEquals(emptyList<String>(), pressed.filter(::isSmall).map(::name))
        val drawn = screen.draw()
        val texts = screen.views<TextView>().filter { it.text.isNotBlank() && it.width > 0 }
        val cut = texts.filter { it.layout.height > it.height || it.isEllipsized() }
        assertEquals(emptyList<String>(), cut.map(::name))
        assertEquals(emptyList<String>(), texts.filter { contrast(it, drawn) < 4.5 }.map(::name))
    }

    private fun label(view: View) =
        view.contentDescription?.toString() ?: (view as? TextView)?.text?.toString().orEmpty()

    private fun name(view: View) = "${view.javaClass.simpleName} ${label(view)} of ${view.width}x${view.height}"

    private fun isSmall(view: View): Boolean {
        val density = view.resources.displayMetrics.density
        return minOf(view.width, view.height) < 48 * density - 0.5f
    }

    private fun TextView.isEllipsized() = (0 until layout.lineCount).any { layout.getEllipsisCount(it) > 0 }

    /** As in WCAG, of the text's colour to what was drawn around it. */
    private fun contrast(view: TextView, drawn: Bitmap): Double {
        val place = Rect()
        if (!view.getGlobalVisibleRect(place)) throw AssertionError("${name(view)} is out of sight")
        val around = (place.left until place.right).flatMap { x ->
            listOf(place.top, place.bottom - 1).map { y -> Color.luminance(drawn.getPixel(x, y)) }
        }
        val (darker, lighter) =
            listOf(around.sorted()[around.size / 2], Color.luminance(view.currentTextColor)).sorted()
        return (lighter + 0.05) / (darker + 0.05)
    }

    private companion object {
        /** Without need to scroll. */
        const val TALL = "w411dp-h2800dp"
    }
}
