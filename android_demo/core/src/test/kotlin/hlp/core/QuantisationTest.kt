package hlp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.nio.ByteBuffer
import java.nio.ByteOrder

class QuantisationTest {
    private val normalisation = Normalisation(1 / 255.0, 0.0)
    private val allPixels = ByteArray(256, Int::toByte)

    private fun written(tensor: Tensor): List<Float> {
        val buffer = ByteBuffer.allocateDirect(1024).order(ByteOrder.nativeOrder())
        PixelWriter(tensor, normalisation).write(allPixels, buffer)
        return List(256) { tensor.stored(buffer, it) }
    }

    @Test
    fun writesPixelsAsEveryType() {
        val shape = listOf(1, 256)
        val scale = 0.003921568859368563
        val pixels = List(256, Int::toFloat)
        assertEquals(pixels.map { it - 128 }, written(Tensor(shape, DataType.INT8, scale, -128)))
        assertEquals(pixels, written(Tensor(shape, DataType.UINT8, scale, 0)))
        assertEquals(pixels.map { (it / 255.0).toFloat() },
            written(Tensor(shape, DataType.FLOAT32, 1.0, 0)))
    }

    @Test
    fun gainIsPythons() {
        val gain = Golden.withGain.manifest().models.first().gain!!
        val expected = Golden.json.getJSONObject("gain_integers")
        for (factor in expected.keySet()) {
            assertEquals(expected.getInt(factor), gain.quantise(factor.toDouble()), factor)
        }
    }
}
