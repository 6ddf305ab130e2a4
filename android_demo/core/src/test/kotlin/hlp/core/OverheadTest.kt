package hlp.core

import com.sun.management.ThreadMXBean
import org.json.JSONObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.lang.management.ManagementFactory
import java.nio.ByteBuffer

/**
 * What the core costs beside the runtime: everything is run but the models themselves.
 *
 * Writes the numbers to `target/overhead.json`, which `python -m benchmarks.android` reads.
 */
class OverheadTest {
    private val frame = YuvFrame(640, 480, 90, plane(640, 480, 1), plane(320, 240, 2), plane(320, 240, 2))

    @Test
    fun takesLittleTimeAndNoMemory() {
        val planner = Planner(Golden.withGain.manifest())
        val sets = mapOf(
            "one file" to planner.plan(planner.categories.toSet(), Way.FILE),
            "13 parts" to planner.plan(planner.categories.toSet(), Way.PARTS),
        )
        val measured = sets.mapValues { (_, plan) -> measure(plan) }
        File("target/overhead.json").writeText(JSONObject(measured).toString(1) + "\n")
        for ((name, values) in measured) {
            println("$name: $values")
            assertEquals(0L, values["bytes_per_frame"], name)
            assertTrue(values.getValue("median_ms").toDouble() < 2, name)
        }
    }

    private fun measure(plan: Plan): Map<String, Number> {
        val pipeline = Pipeline(Classifier(plan, Golden.withGain, NothingRuntime), 3)
        val nanos = LongArray(FRAMES)
        val threads = ManagementFactory.getThreadMXBean() as ThreadMXBean
        val thread = Thread.currentThread().id
        repeat(2 * FRAMES) { pipeline.classify(frame) }
        val before = threads.getThreadAllocatedBytes(thread)
        for (i in nanos.indices) {
            val start = System.nanoTime()
            pipeline.classify(frame)
            pipeline.latencies.medianMillis()
            nanos[i] = System.nanoTime() - start
        }
        val allocated = threads.getThreadAllocatedBytes(thread) - before
        nanos.sort()
        return mapOf(
            "frames" to FRAMES,
            "median_ms" to nanos[FRAMES / 2] / 1e6,
            "p95_ms" to nanos[FRAMES * 95 / 100] / 1e6,
            "bytes_per_frame" to allocated / FRAMES,
        )
    }

    private fun plane(width: Int, height: Int, stride: Int) =
        Plane(ByteBuffer.allocateDirect(width * height * stride), width * stride, stride)

    private companion object {
        const val FRAMES = 2000
    }
}

/** Loads any model and computes nothing. */
private object NothingRuntime : Runtime {
    override fun open(model: ByteBuffer, signature: String?) = object : Session {
        override fun run(inputs: Array<ByteBuffer>, output: ByteBuffer) = Unit

        override fun close() = Unit
    }
}
