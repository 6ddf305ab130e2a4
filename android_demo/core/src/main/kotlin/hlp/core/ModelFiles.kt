package hlp.core

import java.io.IOException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.security.MessageDigest

/** Where an export is, such as the assets of an app. */
fun interface Source {
    /**
     * Reads a whole file.
     *
     * @throws IOException there is none, or it cannot be read.
     */
    fun read(path: String): ByteArray
}

/** The files of an export, each checked before it is used. */
class ModelFiles(private val source: Source) {
    /**
     * Reads the manifest.
     *
     * @throws Problem there is none that this app can read.
     */
    fun manifest(): Manifest = Manifest.parse(read("manifest.json").toString(Charsets.UTF_8))

    /**
     * Reads a model into memory that a runtime can use.
     *
     * @throws Problem the file is missing or not the one that was exported.
     */
    fun model(file: ListedFile): ByteBuffer {
        val content = read(file.path)
        if (content.size.toLong() != file.bytes || sha256(content) != file.sha256) {
            throw Problem("${file.path} is not the file that was exported. Export the models again.")
        }
        val model = ByteBuffer.allocateDirect(content.size).order(ByteOrder.nativeOrder())
        model.put(content)
        return model.rewound()
    }

    private fun read(path: String): ByteArray = try {
        source.read(path)
    } catch (error: IOException) {
        throw Problem("$path is missing. Export the models again.", error)
    }
}

private fun sha256(content: ByteArray): String =
    MessageDigest.getInstance("SHA-256").digest(content).joinToString("") { byte ->
        (byte.toInt() and 0xff).toString(16).padStart(2, '0')
    }

/** Sets the position to 0; `rewind` itself has another signature on old Android. */
fun ByteBuffer.rewound(): ByteBuffer {
    (this as java.nio.Buffer).rewind()
    return this
}
