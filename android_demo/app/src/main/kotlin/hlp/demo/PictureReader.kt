package hlp.demo

import android.content.ContentResolver
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Matrix
import android.media.ExifInterface
import android.net.Uri
import hlp.core.ArgbPicture
import hlp.core.Problem
import hlp.core.pictureSampling
import java.io.IOException

/** No more than this is needed of the shorter side. */
private const val NEEDED = 512

/**
 * Reads a picture, upright and no larger than is needed.
 *
 * @throws Problem it is no picture, or too large.
 * @throws IOException it cannot be opened.
 */
fun readPicture(resolver: ContentResolver, uri: Uri): Bitmap {
    val options = BitmapFactory.Options()
    options.inJustDecodeBounds = true
    decode(resolver, uri, options)
    options.inSampleSize = pictureSampling(options.outWidth, options.outHeight, NEEDED)
    options.inJustDecodeBounds = false
    val bitmap = decode(resolver, uri, options)
        ?: throw Problem("This picture is damaged. Choose another one.")
    return turned(bitmap, degrees(resolver, uri))
}

/** The pixels of a bitmap. */
fun Bitmap.toArgb(): ArgbPicture {
    val pixels = IntArray(width * height)
    getPixels(pixels, 0, width, 0, 0, width, height)
    return ArgbPicture(width, height, pixels)
}

private fun decode(resolver: ContentResolver, uri: Uri, options: BitmapFactory.Options): Bitmap? =
    open(resolver, uri).use { BitmapFactory.decodeStream(it, null, options) }

private fun open(resolver: ContentResolver, uri: Uri) =
    resolver.openInputStream(uri) ?: throw IOException("$uri cannot be opened.")

/** How far the camera was turned, which JPEG notes; 0 for other files. */
private fun degrees(resolver: ContentResolver, uri: Uri): Int = try {
    val exif = open(resolver, uri).use { ExifInterface(it) }
    when (exif.getAttributeInt(ExifInterface.TAG_ORIENTATION, 0)) {
        ExifInterface.ORIENTATION_ROTATE_90 -> 90
        ExifInterface.ORIENTATION_ROTATE_180 -> 180
        ExifInterface.ORIENTATION_ROTATE_270 -> 270
        else -> 0
    }
} catch (error: IOException) {
    0
}

private fun turned(bitmap: Bitmap, degrees: Int): Bitmap {
    if (degrees == 0) return bitmap
    val matrix = Matrix().apply { postRotate(degrees.toFloat()) }
    return Bitmap.createBitmap(bitmap, 0, 0, bitmap.width, bitmap.height, matrix, true)
}
