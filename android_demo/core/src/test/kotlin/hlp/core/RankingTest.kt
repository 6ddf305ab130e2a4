package hlp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class RankingTest {
    @Test
    fun isPythons() {
        val golden = Golden.json.getJSONObject("ranking")
        fun floats(key: String) =
            golden.getJSONArray(key).map { (it as Number).toFloat() }.toFloatArray()

        val ranking = Ranking(5, 3)
        ranking.update(FloatArray(5) { 9f - it })
        ranking.update(floats("logits"))
        assertArrayEquals(floats("probabilities"), ranking.probabilities, 1e-6f)
        assertEquals(golden.getJSONArray("best").toList(), ranking.best.toList())
    }

    @Test
    fun givesAllOfFewLogits() {
        val ranking = Ranking(1, 3)
        ranking.update(floatArrayOf(-7f))
        assertArrayEquals(intArrayOf(0), ranking.best)
        assertEquals(1f, ranking.probabilities.single())
    }
}
