package hlp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class LatenciesTest {
    private val latencies = Latencies(4)

    private fun add(vararg millis: Int) = millis.forEach { latencies.add(it * 1_000_000L) }

    @Test
    fun hasNoMedianAtFirst() = assertEquals(Double.NaN, latencies.medianMillis())

    @Test
    fun isTheMeanOfTheMiddle() {
        add(5, 1, 9)
        assertEquals(5.0, latencies.medianMillis())
        add(7)
        assertEquals(6.0, latencies.medianMillis())
    }

    @Test
    fun forgetsTheOldest() {
        add(100, 100, 100, 1, 2, 3, 4)
        assertEquals(2.5, latencies.medianMillis())
        assertEquals(4, latencies.count)
    }
}
