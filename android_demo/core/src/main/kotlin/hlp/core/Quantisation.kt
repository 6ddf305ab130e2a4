package hlp.core

import java.nio.ByteBuffer
import kotlin.math.round

/** The integer nearest to a real value, ties to even, within the range of the type. */
fun Tensor.quantise(real: Double): Int {
    val integer = round(real / scale).toInt() + zeroPoint
    return when (type) {
        DataType.INT8 -> integer.coerceIn(-128, 127)
        DataType.UINT8 -> integer.coerceIn(0, 255)
        DataType.FLOAT32 -> throw IllegalArgumentException("A float tensor has no integers.")
    }
}

/** Writes a real value at a position, counted in numbers. */
fun Tensor.write(buffer: ByteBuffer, position: Int, real: Double) {
    if (type == DataType.FLOAT32) buffer.putFloat(4 * position, real.toFloat())
    else buffer.put(position, quantise(real).toByte())
}

/** The number at a position as it is stored: an integer unless the type is float. */
fun Tensor.stored(buffer: ByteBuffer, position: Int): Float = when (type) {
    DataType.INT8 -> buffer.get(position).toFloat()
    DataType.UINT8 -> (buffer.get(position).toInt() and 0xff).toFloat()
    DataType.FLOAT32 -> buffer.getFloat(4 * position)
}

/** Writes pixels of 0 to 255 as a model's input. */
class PixelWriter(private val input: Tensor, normalisation: Normalisation) {
    private val reals = DoubleArray(256) { (it - normalisation.mean) * normalisation.scale }
    private val integers =
        if (input.type == DataType.FLOAT32) ByteArray(0)
        else ByteArray(256) { input.quantise(reals[it]).toByte() }

    /** Writes as many pixels as the input has numbers. */
    fun write(pixels: ByteArray, buffer: ByteBuffer) {
        for (i in 0 until input.size) {
            val pixel = pixels[i].toInt() and 0xff
            if (integers.isEmpty()) buffer.putFloat(4 * i, reals[pixel].toFloat())
            else buffer.put(i, integers[pixel])
        }
    }
}
