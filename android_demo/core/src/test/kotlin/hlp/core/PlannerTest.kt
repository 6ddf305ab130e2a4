package hlp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class PlannerTest {
    private val manifest = Golden.withGain.manifest()
    private val planner = Planner(manifest)
    private val all = manifest.taxonomy.categories.toSet()

    @Test
    fun takesTheFileOfASet() {
        val plan = planner.plan(setOf("dog", "cat"))
        assertEquals(Way.FILE, plan.way)
        assertEquals("pet.tflite", plan.stages.single().network.file.path)
        assertEquals(listOf("cat", "dog"), plan.labels)
        assertEquals(listOf("animal", "pet"), plan.gainNodes)
    }

    @Test
    fun takesPartsWhenThereIsNoFile() {
        val plan = planner.plan(setOf("ship", "cat"))
        assertEquals(Way.PARTS, plan.way)
        val files = plan.stages.map { it.network.file.path.substringAfter('/').substringBefore('.') }
        assertEquals(
            setOf("trunk", "branch_animal", "branch_pet", "head_pet", "branch_vehicle",
                "branch_craft", "head_craft"),
            files.toSet(),
        )
        plan.stages.forEachIndexed { i, stage -> assertTrue(stage.parent < i) }
    }

    @Test
    fun offersAllWays() {
        assertEquals(Way.values().toList(), planner.ways(all))
        assertEquals(listOf(Way.PARTS), planner.ways(setOf("cat")))
        val signature = planner.plan(setOf("cat", "dog"), Way.BUNDLE).stages.single().signature
        assertEquals("pet", signature)
    }

    @Test
    fun aSetCostsTheSameInEveryWayAndFewerCategoriesLess() {
        for (labels in manifest.models.map { it.labels.toSet() }) {
            val costs = planner.ways(labels).map { planner.plan(labels, it).macs }
            assertEquals(1, costs.toSet().size, "$labels: $costs")
        }
        val pets = planner.plan(setOf("cat", "dog"))
        val full = planner.plan(all)
        assertTrue(pets.macs < full.macs && pets.parameters < full.parameters)
        assertTrue(pets.bytes < full.bytes)
    }

    @Test
    fun refusesAnEmptySelection() {
        val message = assertThrows<Problem> { planner.plan(emptySet()) }.message
        assertEquals("Tick at least one category.", message)
    }

    @Test
    fun refusesWhatNoFileComputes() {
        val withoutParts = Planner(manifest.copy(parts = emptyList()))
        val message = assertThrows<Problem> { withoutParts.plan(setOf("ship", "cat")) }.message!!
        assertTrue("No exported file computes cat, ship" in message, message)
        assertThrows<Problem> { planner.plan(setOf("cat"), Way.FILE) }
    }

    @Test
    fun refusesPartsWithoutTheirParent() {
        val parts = manifest.parts.filter { it.name != "branch_animal" }
        val message = assertThrows<Problem> {
            Planner(manifest.copy(parts = parts)).plan(setOf("cat"))
        }.message!!
        assertTrue("branch_pet but not branch_animal" in message, message)
    }
}
