package hlp.core

import org.json.JSONObject
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import java.nio.ByteBuffer

class DownscalerTest {
    @TestFactory
    fun framesArePythons(): List<DynamicTest> {
        val frames = Golden.json.getJSONArray("frames")
        return List(frames.length(), frames::getJSONObject).map { golden ->
            DynamicTest.dynamicTest("turned by ${golden["rotation"]}, to ${golden["size"]}") {
                val (height, width) = golden.ints("size")
                val downscaler = Downscaler(height, width)
                downscaler.scale(frame(golden))
                val pixels = downscaler.pixels.map { it.toInt() and 0xff }
                assertEquals(golden.ints("pixels"), pixels)
            }
        }
    }

    @Test
    fun aPictureOfTheRightSizeStaysAsItIs() {
        val pixels = ByteArray(12) { (it * 20).toByte() }
        val argb = IntArray(4) { i ->
            (0..2).fold(0xff) { sum, c -> (sum shl 8) or (pixels[3 * i + c].toInt() and 0xff) }
        }
        val downscaler = Downscaler(2, 2)
        downscaler.scale(ArgbPicture(2, 2, argb))
        assertArrayEquals(pixels, downscaler.pixels)
    }

    @Test
    fun aPictureIsCutInTheMiddleAndAveraged() {
        val grey = listOf(9, 10, 20, 30, 40, 9, 9, 30, 40, 50, 60, 9)
        val argb = grey.map { it * 0x010101 or (0xff shl 24) }.toIntArray()
        val downscaler = Downscaler(1, 2)
        downscaler.scale(ArgbPicture(6, 2, argb))
        assertEquals(List(3) { 25 } + List(3) { 45 }, downscaler.pixels.map(Byte::toInt))
    }

    /** A frame as a camera gives it: padded rows, colours that may be interleaved. */
    private fun frame(golden: JSONObject): YuvFrame {
        val width = golden.getInt("width")
        val padding = golden.getInt("padding")
        fun plane(key: String, columns: Int, stride: Int): Plane {
            val values = golden.ints(key)
            val rowStride = columns * stride + padding
            val bytes = ByteBuffer.allocateDirect(values.size / columns * rowStride)
            values.forEachIndexed { i, value ->
                bytes.put(i / columns * rowStride + i % columns * stride, value.toByte())
            }
            return Plane(bytes, rowStride, stride)
        }
        val stride = golden.getInt("stride")
        return YuvFrame(
            width, golden.getInt("height"), golden.getInt("rotation"),
            plane("y", width, 1), plane("u", width / 2, stride), plane("v", width / 2, stride),
        )
    }

    private fun JSONObject.ints(key: String) = getJSONArray(key).map { it as Int }
}
