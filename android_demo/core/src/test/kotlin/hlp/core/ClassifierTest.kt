package hlp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class ClassifierTest {
    private val files = Golden.withGain
    private val planner = Planner(files.manifest())
    private val catAndShip = planner.plan(setOf("cat", "ship"))
    private val pixels = ByteArray(32 * 32 * 3)

    private fun runsOf(runtime: CountingRuntime) = catAndShip.stages.indices.associate { i ->
        catAndShip.stages[i].network.file.path.removePrefix("parts/").removeSuffix(".tflite") to
            runtime.runs[i]
    }

    @Test
    fun runsTheTrunkOnceAnImage() {
        val runtime = CountingRuntime()
        Classifier(catAndShip, files, runtime).use { it.run(pixels) }
        assertTrue(runsOf(runtime).values.all { it == 1 }, "${runsOf(runtime)}")
    }

    @Test
    fun computesASwitchedOffBranchOnceAChange() {
        val runtime = CountingRuntime()
        val classifier = Classifier(catAndShip, files, runtime)
        val neutral = classifier.macs
        assertEquals(catAndShip.macs, neutral)
        classifier.setGain(mapOf("vehicle" to 0f))
        assertTrue(classifier.macs < neutral)
        repeat(3) { classifier.run(pixels) }
        val runs = runsOf(runtime)
        for (name in listOf("trunk", "branch_animal", "branch_pet", "head_pet")) {
            assertEquals(3, runs[name], name)
        }
        for (name in listOf("branch_vehicle", "branch_craft", "head_craft")) {
            assertEquals(1, runs[name], name)
        }
        classifier.setGain(emptyMap())
        assertEquals(neutral, classifier.macs)
    }

    @Test
    fun switchingOffGivesTheLogitsOfAFileThatComputesAll() {
        val set = setOf("cat", "dog", "airplane", "ship") + planner.categories
        val gain = mapOf("vehicle" to 0f, "pet" to 1.5f)
        val (parts, file) = listOf(Way.PARTS, Way.FILE).map { way ->
            Classifier(planner.plan(set, way), files, DesktopRuntime()).use { classifier ->
                classifier.setGain(gain)
                classifier.run(Golden.image("ship"))
                classifier.run(Golden.image("cat"))
                classifier.stored
            }
        }
        assertArrayEquals(file, parts)
    }

    @Test
    fun closesAllModels() {
        val runtime = CountingRuntime()
        Classifier(catAndShip, files, runtime).close()
        assertEquals(0, runtime.open)
    }

    @Test
    fun closesWhatIsOpenWhenAModelFails() {
        val runtime = CountingRuntime(failAt = 3)
        assertThrows<Problem> { Classifier(catAndShip, files, runtime) }
        assertEquals(3, runtime.runs.size)
        assertEquals(0, runtime.open)
    }
}
