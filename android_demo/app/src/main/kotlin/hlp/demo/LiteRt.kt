package hlp.demo

import hlp.core.Problem
import hlp.core.Runtime
import hlp.core.SIGNATURE_INPUTS
import hlp.core.SIGNATURE_OUTPUT
import hlp.core.Session
import hlp.core.rewound
import org.tensorflow.lite.Interpreter
import java.nio.ByteBuffer

/** Runs models with LiteRT, on one thread so that latencies compare. */
class LiteRt : Runtime {
    override fun open(model: ByteBuffer, signature: String?): Session {
        val interpreter = try {
            Interpreter(model, Interpreter.Options().setNumThreads(1))
        } catch (error: IllegalArgumentException) {
            throw Problem("LiteRT does not take a model: ${error.message}", error)
        }
        return if (signature == null) Whole(interpreter) else OfSignature(interpreter, signature)
    }
}

private class Whole(private val interpreter: Interpreter) : Session {
    private val outputs = HashMap<Int, Any>()

    override fun run(inputs: Array<ByteBuffer>, output: ByteBuffer) {
        inputs.forEach { it.rewound() }
        outputs[0] = output.rewound()
        interpreter.runForMultipleInputsOutputs(inputs, outputs)
    }

    override fun close() = interpreter.close()
}

private class OfSignature(
    private val interpreter: Interpreter,
    private val signature: String,
) : Session {
    private val named = HashMap<String, Any>()
    private val outputs = HashMap<String, Any>()

    override fun run(inputs: Array<ByteBuffer>, output: ByteBuffer) {
        for (i in inputs.indices) named[SIGNATURE_INPUTS[i]] = inputs[i].rewound()
        outputs[SIGNATURE_OUTPUT] = output.rewound()
        interpreter.runSignature(named, outputs, signature)
    }

    override fun close() = interpreter.close()
}
