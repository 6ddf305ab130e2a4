package hlp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class PicturesTest {
    @Test
    fun readsNoMoreThanIsNeeded() {
        assertEquals(1, pictureSampling(32, 32, 32))
        assertEquals(1, pictureSampling(63, 640, 32))
        assertEquals(8, pictureSampling(4000, 3000, 256))
        assertEquals(1, pictureSampling(1, 1, 32))
    }

    @Test
    fun refusesWhatIsNoPicture() {
        val message = assertThrows<Problem> { pictureSampling(-1, -1, 32) }.message!!
        assertTrue("no picture" in message, message)
    }

    @Test
    fun refuses100Megapixels() {
        val message = assertThrows<Problem> { pictureSampling(10_000, 10_000, 32) }.message!!
        assertTrue("100 megapixels" in message && "at most 50" in message, message)
        assertThrows<Problem> { pictureSampling(Int.MAX_VALUE, Int.MAX_VALUE, 32) }
    }
}
