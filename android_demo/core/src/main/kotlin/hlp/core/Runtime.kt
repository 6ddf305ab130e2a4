package hlp.core

import java.nio.ByteBuffer

/** Something that runs TFLite models. */
interface Runtime {
    /**
     * Loads a model.
     *
     * @param model the file; it must not change while the session is open.
     * @param signature which network of the file; null when it has one.
     * @throws Problem the runtime does not take this model.
     */
    fun open(model: ByteBuffer, signature: String?): Session
}

/** A loaded model; for one thread at a time. */
interface Session : AutoCloseable {
    /**
     * Runs the model.
     *
     * @param inputs direct buffers: image or features, then the gain if the model has one.
     * @param output direct buffer for logits or features.
     */
    fun run(inputs: Array<ByteBuffer>, output: ByteBuffer)
}

/** Names of a signature's inputs, in the order of [Session.run]. */
val SIGNATURE_INPUTS = listOf("image", "gain")

/** Name of a signature's output. */
const val SIGNATURE_OUTPUT = "logits"
