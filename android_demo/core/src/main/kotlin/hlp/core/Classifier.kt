package hlp.core

import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * The loaded models of a plan; for one thread at a time.
 *
 * A part with a gate whose gain is 0 gives the same for every image. Such a part, and what hangs on
 * it, therefore runs once after a change of the gain, and so does what only leads to it.
 *
 * @throws Problem a file is missing, changed, or nothing that the runtime takes.
 */
class Classifier(val plan: Plan, files: ModelFiles, runtime: Runtime) : AutoCloseable {
    private val stages = load(plan, files, runtime)
    private val image = bufferFor(plan.stages.first { it.parent < 0 }.network.input)
    private val inputs = Array(stages.size, ::inputsOf)
    private val pixelWriter =
        PixelWriter(plan.stages.first { it.parent < 0 }.network.input, plan.normalisation)
    private val places = plan.labels.map(::placeOf)
    private val everyImage = BooleanArray(stages.size) { true }
    private var changed = true

    /** Numbers of an image: height, width, channels. */
    val imageShape: List<Int> = plan.stages.first { it.parent < 0 }.network.input.shape.drop(1)

    /** Logits of the plan's labels as stored, integers unless the type is float. */
    val stored = FloatArray(plan.labels.size)

    /** Logits of the plan's labels. */
    val logits = FloatArray(plan.labels.size)

    /** Multiply-accumulates for an image with the gain that is set. */
    val macs: Long
        get() = stages.indices.sumOf { if (everyImage[it]) plan.stages[it].network.macs else 0L }

    init {
        setGain(emptyMap())
    }

    /** Sets the factors of nodes; those of all others become 1. */
    fun setGain(factors: Map<String, Float>) {
        for (stage in stages) {
            val gain = stage.network.gain ?: continue
            stage.network.gainNodes.forEachIndexed { i, node ->
                gain.write(stage.gain, i, (factors[node] ?: 1f).toDouble())
            }
        }
        val constant = BooleanArray(stages.size)
        for (i in stages.indices) {
            val parent = plan.stages[i].parent
            constant[i] = (parent >= 0 && constant[parent]) ||
                (plan.way == Way.PARTS && stages[i].isSwitchedOff())
        }
        for (i in stages.indices.reversed()) {
            val needed = stages[i].network.labels.isNotEmpty() ||
                stages.indices.any { plan.stages[it].parent == i && everyImage[it] }
            everyImage[i] = needed && !constant[i]
        }
        changed = true
    }

    /** Classifies an image of red, green and blue bytes, row by row; see [logits]. */
    fun run(pixels: ByteArray) {
        pixelWriter.write(pixels, image)
        for (i in stages.indices) {
            if (changed || everyImage[i]) stages[i].session.run(inputs[i], stages[i].output)
        }
        changed = false
        for (i in places.indices) {
            val place = places[i]
            val tensor = place.stage.network.output
            stored[i] = tensor.stored(place.stage.output, place.position)
            logits[i] = ((stored[i] - tensor.zeroPoint) * tensor.scale).toFloat()
        }
    }

    override fun close() = stages.forEach { it.session.close() }

    private fun inputsOf(stage: Int): Array<ByteBuffer> {
        val parent = plan.stages[stage].parent
        val first = if (parent < 0) image else stages[parent].output
        return if (stages[stage].network.gain == null) arrayOf(first)
        else arrayOf(first, stages[stage].gain)
    }

    private fun placeOf(label: String): Place {
        val stage = stages.first { label in it.network.labels }
        return Place(stage, stage.network.labels.indexOf(label))
    }
}

/** Where a logit is. */
private class Place(val stage: LoadedStage, val position: Int)

private class LoadedStage(val network: Network, val session: Session) {
    val output = bufferFor(network.output)
    val gain = network.gain?.let(::bufferFor) ?: ByteBuffer.allocateDirect(0)

    /** Whether a gate lets nothing through. */
    fun isSwitchedOff(): Boolean {
        val tensor = network.gain ?: return false
        val off = if (tensor.type == DataType.FLOAT32) 0 else tensor.zeroPoint
        return network.gainNodes.indices.any { tensor.stored(gain, it) == off.toFloat() }
    }
}

/** Opens all models, or none: those that were opened are closed when one fails. */
private fun load(plan: Plan, files: ModelFiles, runtime: Runtime): List<LoadedStage> {
    val loaded = ArrayList<LoadedStage>()
    try {
        for (stage in plan.stages) {
            val session = runtime.open(files.model(stage.network.file), stage.signature)
            loaded += LoadedStage(stage.network, session)
        }
    } catch (error: Exception) {
        loaded.forEach { it.session.close() }
        throw error
    }
    return loaded
}

private fun bufferFor(tensor: Tensor): ByteBuffer =
    ByteBuffer.allocateDirect(tensor.size * tensor.type.bytes).order(ByteOrder.nativeOrder())
