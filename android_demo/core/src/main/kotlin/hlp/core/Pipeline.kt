package hlp.core

/** From a frame or a picture to the best categories; nothing is allocated for a frame. */
class Pipeline(val classifier: Classifier, most: Int) : AutoCloseable {
    private val downscaler = Downscaler(classifier.imageShape[0], classifier.imageShape[1])

    val labels: List<String> get() = classifier.plan.labels
    val ranking = Ranking(classifier.plan.labels.size, most)

    /** Of the models with what surrounds them, but not of scaling the frame. */
    val latencies = Latencies()

    fun classify(frame: YuvFrame) {
        downscaler.scale(frame)
        classify(downscaler.pixels)
    }

    fun classify(picture: ArgbPicture) {
        downscaler.scale(picture)
        classify(downscaler.pixels)
    }

    /** Classifies an image of the network's own size. */
    fun classify(pixels: ByteArray) {
        val start = System.nanoTime()
        classifier.run(pixels)
        ranking.update(classifier.logits)
        latencies.add(System.nanoTime() - start)
    }

    override fun close() = classifier.close()
}
