package hlp.core

/** Larger ones are refused: they would need hundreds of megabytes to read. */
const val MAX_PICTURE_PIXELS = 50_000_000L

/**
 * By what to divide the sides of a picture when it is read: a power of two that leaves both sides
 * at least as long as [needed].
 *
 * @param width in pixels; not positive when the file is no picture.
 * @throws Problem it is no picture, or too large.
 */
fun pictureSampling(width: Int, height: Int, needed: Int): Int {
    if (width <= 0 || height <= 0) {
        throw Problem("This file is no picture that can be read. Choose a JPEG, PNG or WebP file.")
    }
    val pixels = width.toLong() * height
    if (pixels > MAX_PICTURE_PIXELS) {
        throw Problem(
            "This picture has ${pixels / 1_000_000} megapixels; at most " +
                "${MAX_PICTURE_PIXELS / 1_000_000} can be read. Choose a smaller one.",
        )
    }
    var sampling = 1
    while (minOf(width, height) / (2 * sampling) >= needed) sampling *= 2
    return sampling
}
