package hlp.core

import kotlin.math.exp

/**
 * The most probable of a number of categories; reuses its arrays.
 *
 * Probabilities are the softmax over all of the logits, that is over the chosen categories.
 *
 * @param number how many logits there are.
 * @param most how many of the best to give.
 */
class Ranking(number: Int, most: Int) {
    /** Of every logit, in their order. */
    val probabilities = FloatArray(number)

    /** Positions of the best, the first of equals first. */
    val best = IntArray(minOf(most, number))

    private val taken = BooleanArray(number)

    /** Ranks logits anew. */
    fun update(logits: FloatArray) {
        var largest = Float.NEGATIVE_INFINITY
        for (logit in logits) largest = maxOf(largest, logit)
        var sum = 0f
        for (i in logits.indices) {
            probabilities[i] = exp(logits[i] - largest)
            sum += probabilities[i]
        }
        for (i in logits.indices) probabilities[i] /= sum
        taken.fill(false)
        for (rank in best.indices) best[rank] = bestLeft(logits)
    }

    private fun bestLeft(logits: FloatArray): Int {
        var found = -1
        for (i in logits.indices) {
            if (!taken[i] && (found < 0 || logits[i] > logits[found])) found = i
        }
        taken[found] = true
        return found
    }
}
