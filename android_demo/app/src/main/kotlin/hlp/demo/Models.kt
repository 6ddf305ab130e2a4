package hlp.demo

import android.os.Handler
import android.os.HandlerThread
import android.os.Looper
import hlp.core.ArgbPicture
import hlp.core.Classifier
import hlp.core.ModelFiles
import hlp.core.Pipeline
import hlp.core.Plan
import hlp.core.Planner
import hlp.core.Problem
import hlp.core.Runtime
import hlp.core.Source
import hlp.core.Taxonomy
import hlp.core.Way
import hlp.core.YuvFrame
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicReference

/** What is known once the manifest was read. */
class Loaded(val taxonomy: Taxonomy, val categories: List<String>, val full: Plan)

/** The best categories of an image and what they cost. */
class Classified(
    val labels: List<String>,
    val probabilities: List<Float>,
    val macs: Long,
    val medianMillis: Double,
)

/** Called on the main thread. */
interface ModelsListener {
    fun onLoaded(loaded: Loaded)

    fun onFullLatency(medianMillis: Double)

    fun onChosen(plan: Plan, ways: List<Way>)

    fun onClassified(classified: Classified)

    fun onProblem(message: String)
}

/**
 * The models on their own thread: all that is called here returns at once.
 *
 * Frames come on that thread, too (see [handler]), so that one that arrives while another is
 * classified waits in the camera, and only the latest is taken.
 */
class Models(source: Source, private val runtime: Runtime, private val listener: ModelsListener) {
    private val thread = HandlerThread("models").apply { start() }
    private val screen = Handler(Looper.getMainLooper())
    private val files = ModelFiles(source)
    private val shown = AtomicBoolean(true)
    private lateinit var planner: Planner
    private var pipeline: Pipeline? = null
    private var picture: ArgbPicture? = null
    private var factors = emptyMap<String, Float>()
    private val nextFactors = AtomicReference<Map<String, Float>?>()

    /** Of the thread of the models. */
    val handler = Handler(thread.looper)

    init {
        work(::load)
    }

    /** Runs another category set, in a way or the first that there is. */
    fun choose(categories: Set<String>, way: Way?) = work {
        pipeline?.close()
        pipeline = null
        val plan = planner.plan(categories, way?.takeIf(planner.ways(categories)::contains))
        pipeline = Pipeline(Classifier(plan, files, runtime), MOST)
        pipeline?.classifier?.setGain(factors)
        screen.post { listener.onChosen(plan, planner.ways(categories)) }
        classifyPicture()
    }

    /** Sets the gain of nodes; others have 1. Of several in a row, the latest counts. */
    fun setGain(factors: Map<String, Float>) {
        if (nextFactors.getAndSet(factors) != null) return
        work {
            this.factors = nextFactors.getAndSet(null).orEmpty()
            pipeline?.classifier?.setGain(this.factors)
            classifyPicture()
        }
    }

    /** Classifies a picture now and after every change; null when the camera is used instead. */
    fun show(picture: ArgbPicture?) = work {
        this.picture = picture
        classifyPicture()
    }

    /** Classifies a frame; on the thread of [handler]. */
    fun classify(frame: YuvFrame) {
        val current = pipeline ?: return
        current.classify(frame)
        // Frames follow one another: the screen leaves out those that it is too slow for.
        if (shown.compareAndSet(true, false)) publish(current)
    }

    /** Closes all models and ends the thread. */
    fun close() {
        handler.post { pipeline?.close() }
        thread.quitSafely()
        screen.removeCallbacksAndMessages(null)
    }

    private fun load() {
        val manifest = files.manifest()
        planner = Planner(manifest)
        val full = planner.plan(planner.categories.toSet())
        screen.post { listener.onLoaded(Loaded(manifest.taxonomy, planner.categories, full)) }
        val median = Pipeline(Classifier(full, files, runtime), 1).use(::measure)
        screen.post { listener.onFullLatency(median) }
    }

    /** Median latency for a black image, after as many runs to warm up. */
    private fun measure(full: Pipeline): Double {
        val pixels = ByteArray(full.classifier.imageShape.fold(1, Int::times))
        repeat(2 * MEASURED) { full.classify(pixels) }
        return full.latencies.medianMillis()
    }

    private fun classifyPicture() {
        val current = pipeline ?: return
        val shownPicture = picture ?: return
        repeat(MEASURED) { current.classify(shownPicture) }
        publish(current)
    }

    /** Hands a result to the screen. */
    private fun publish(current: Pipeline) {
        val ranking = current.ranking
        val classified = Classified(
            labels = ranking.best.map(current.labels::get),
            probabilities = ranking.best.map { ranking.probabilities[it] },
            macs = current.classifier.macs,
            medianMillis = current.latencies.medianMillis(),
        )
        screen.post {
            shown.set(true)
            listener.onClassified(classified)
        }
    }

    /** Does something on the thread of the models; problems go to the screen. */
    private fun work(task: () -> Unit) {
        handler.post {
            try {
                task()
            } catch (problem: Problem) {
                screen.post { listener.onProblem(problem.message.orEmpty()) }
            }
        }
    }

    private companion object {
        /** How many results are shown. */
        const val MOST = 5

        /** How many latencies a median is of. */
        const val MEASURED = 50
    }
}
