package hlp.core

import org.bytedeco.javacpp.BytePointer
import org.bytedeco.javacpp.Pointer
import org.bytedeco.tensorflowlite.BuiltinOpResolver
import org.bytedeco.tensorflowlite.BuiltinOpResolverWithoutDefaultDelegates
import org.bytedeco.tensorflowlite.FlatBufferModel
import org.bytedeco.tensorflowlite.Interpreter
import org.bytedeco.tensorflowlite.InterpreterBuilder
import org.bytedeco.tensorflowlite.TfLiteTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorCopyFromBuffer
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorCopyToBuffer
import java.nio.ByteBuffer

/** TFLite on the desktop, with the kernels that the golden values were made with. */
class DesktopRuntime : Runtime {
    override fun open(model: ByteBuffer, signature: String?): Session {
        val file = BytePointer(model)
        val flatbuffer = FlatBufferModel.BuildFromBuffer(file, file.limit())
            ?: throw Problem("This is no TFLite model.")
        val resolver = BuiltinOpResolverWithoutDefaultDelegates()
        val interpreter = Interpreter(null as Pointer?)
        InterpreterBuilder(flatbuffer, resolver).use { check(it.apply(interpreter) == 0) }
        return DesktopSession(file, flatbuffer, resolver, interpreter, signature)
    }
}

private class DesktopSession(
    private val file: BytePointer,
    private val flatbuffer: FlatBufferModel,
    private val resolver: BuiltinOpResolver,
    private val interpreter: Interpreter,
    signature: String?,
) : Session {
    private val runner = signature?.let(interpreter::GetSignatureRunner)

    init {
        check((runner?.AllocateTensors() ?: interpreter.AllocateTensors()) == 0)
    }

    override fun run(inputs: Array<ByteBuffer>, output: ByteBuffer) {
        inputs.forEachIndexed { i, input ->
            val data = BytePointer(input)
            check(TfLiteTensorCopyFromBuffer(input(i), data, data.limit()) == 0)
        }
        check((runner?.Invoke() ?: interpreter.Invoke()) == 0)
        val data = BytePointer(output)
        check(TfLiteTensorCopyToBuffer(output(), data, data.limit()) == 0)
    }

    private fun input(i: Int): TfLiteTensor =
        runner?.input_tensor(SIGNATURE_INPUTS[i]) ?: interpreter.input_tensor(i.toLong())

    private fun output(): TfLiteTensor =
        runner?.output_tensor(SIGNATURE_OUTPUT) ?: interpreter.output_tensor(0)

    override fun close() {
        interpreter.close()
        resolver.close()
        flatbuffer.close()
        file.close()
    }
}
