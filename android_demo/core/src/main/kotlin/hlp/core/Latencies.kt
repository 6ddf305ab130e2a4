package hlp.core

/** The last latencies and their median; reuses its arrays. */
class Latencies(capacity: Int = 50) {
    private val nanos = LongArray(capacity)
    private val sorted = LongArray(capacity)
    private var added = 0L

    /** How many are kept, at most the capacity. */
    val count: Int get() = minOf(added, nanos.size.toLong()).toInt()

    /** Adds one, in nanoseconds; the oldest gives way. */
    fun add(latency: Long) {
        nanos[(added++ % nanos.size).toInt()] = latency
    }

    /** Median in milliseconds, the mean of both in the middle; NaN when there is none. */
    fun medianMillis(): Double {
        val number = count
        if (number == 0) return Double.NaN
        System.arraycopy(nanos, 0, sorted, 0, number)
        java.util.Arrays.sort(sorted, 0, number)
        return (sorted[(number - 1) / 2] + sorted[number / 2]) / 2e6
    }
}
