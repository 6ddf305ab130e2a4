package hlp.core

import java.nio.ByteBuffer

/** One plane of a camera's frame: a byte every [pixelStride] bytes, a row every [rowStride]. */
class Plane(var bytes: ByteBuffer, var rowStride: Int, var pixelStride: Int)

/**
 * A frame of Android's YUV_420_888, full range: colours at half the resolution.
 *
 * @property rotation clockwise, in degrees, that puts it upright: 0, 90, 180 or 270.
 */
class YuvFrame(
    var width: Int,
    var height: Int,
    var rotation: Int,
    val y: Plane,
    val u: Plane,
    val v: Plane,
)

/** A picture of 0xAARRGGBB, row by row; upright. */
class ArgbPicture(val width: Int, val height: Int, val pixels: IntArray)

/**
 * Makes small images of red, green and blue bytes: each pixel is the mean of the box it stands
 * for, in the largest centred rectangle of the image's shape. Reuses its arrays.
 *
 * @param height of the small image, in pixels.
 * @param width of the small image, in pixels.
 */
class Downscaler(private val height: Int, private val width: Int) {
    /** The last image, row by row. */
    val pixels = ByteArray(height * width * 3)

    private val boxes = Boxes()

    /** Scales a frame of a camera. */
    fun scale(frame: YuvFrame) {
        val turned = frame.rotation % 180 != 0
        boxes.set(frame.width, frame.height, if (turned) height else width, if (turned) width else height)
        for (row in 0 until boxes.rows) {
            for (column in 0 until boxes.columns) {
                val to = position(row, column, frame.rotation)
                writeYuv(to, mean(frame.y, row, column, 0), mean(frame.u, row, column, 1),
                    mean(frame.v, row, column, 1))
            }
        }
    }

    /** Scales a picture. */
    fun scale(picture: ArgbPicture) {
        boxes.set(picture.width, picture.height, width, height)
        for (row in 0 until height) {
            for (column in 0 until width) {
                val to = position(row, column, 0)
                for (channel in 0..2) write(to + channel, mean(picture, row, column, 16 - 8 * channel))
            }
        }
    }

    /** Where the pixels of a box go: rotated, in bytes. */
    private fun position(row: Int, column: Int, rotation: Int): Int = 3 * when (rotation) {
        0 -> row * width + column
        90 -> column * width + width - 1 - row
        180 -> (height - 1 - row) * width + width - 1 - column
        270 -> (height - 1 - column) * width + row
        else -> throw IllegalArgumentException("Expected quarter turns, got $rotation degrees.")
    }

    /** Mean of a plane in a box; [shift] is 1 for planes of half the resolution. */
    private fun mean(plane: Plane, row: Int, column: Int, shift: Int): Int {
        val top = boxes.top(row) shr shift
        val bottom = maxOf(top + 1, boxes.top(row + 1) shr shift)
        val left = boxes.left(column) shr shift
        val right = maxOf(left + 1, boxes.left(column + 1) shr shift)
        var sum = 0
        for (y in top until bottom) {
            var at = y * plane.rowStride + left * plane.pixelStride
            for (x in left until right) {
                sum += plane.bytes.get(at).toInt() and 0xff
                at += plane.pixelStride
            }
        }
        return rounded(sum, (bottom - top) * (right - left))
    }

    private fun mean(picture: ArgbPicture, row: Int, column: Int, shift: Int): Int {
        val top = boxes.top(row)
        val bottom = maxOf(top + 1, boxes.top(row + 1))
        val left = boxes.left(column)
        val right = maxOf(left + 1, boxes.left(column + 1))
        var sum = 0L
        for (y in top until bottom) {
            for (x in left until right) {
                sum += (picture.pixels[y * picture.width + x] shr shift) and 0xff
            }
        }
        val number = (bottom - top).toLong() * (right - left)
        return ((sum + number / 2) / number).toInt()
    }

    /** Writes a colour, by the matrix of JPEG (BT.601, full range) in 1/65536. */
    private fun writeYuv(to: Int, y: Int, u: Int, v: Int) {
        val light = (y shl 16) + HALF
        write(to, (light + 91881 * (v - 128)) shr 16)
        write(to + 1, (light - 22554 * (u - 128) - 46802 * (v - 128)) shr 16)
        write(to + 2, (light + 116130 * (u - 128)) shr 16)
    }

    private fun write(to: Int, value: Int) {
        pixels[to] = value.coerceIn(0, 255).toByte()
    }
}

private const val HALF = 1 shl 15

private fun rounded(sum: Int, number: Int) = (sum + number / 2) / number

/** Cuts the largest centred rectangle of a shape into rows and columns of boxes. */
private class Boxes {
    var columns = 0
        private set
    var rows = 0
        private set
    private var left = 0
    private var top = 0
    private var cropWidth = 0
    private var cropHeight = 0

    fun set(width: Int, height: Int, columns: Int, rows: Int) {
        this.columns = columns
        this.rows = rows
        cropWidth = minOf(width.toLong(), height.toLong() * columns / rows).toInt()
        cropHeight = minOf(height.toLong(), width.toLong() * rows / columns).toInt()
        left = (width - cropWidth) / 2
        top = (height - cropHeight) / 2
    }

    fun left(column: Int) = left + (column.toLong() * cropWidth / columns).toInt()

    fun top(row: Int) = top + (row.toLong() * cropHeight / rows).toInt()
}
