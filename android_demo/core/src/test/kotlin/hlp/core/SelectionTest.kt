package hlp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class SelectionTest {
    private val pet = Node("pet", listOf(Node("cat", emptyList()), Node("dog", emptyList())))
    private val cat = pet.children.first()

    @Test
    fun aNodeTicksAllBelowIt() {
        val none = Selection(emptySet())
        assertEquals(Ticked.NONE, none.of(pet))
        assertEquals(setOf("cat", "dog"), none.toggle(pet).categories)
        assertEquals(Ticked.ALL, none.toggle(pet).of(pet))
        assertEquals(none, none.toggle(pet).toggle(pet))
    }

    @Test
    fun aPartlyTickedNodeBecomesTicked() {
        val some = Selection(setOf("dog", "ship"))
        assertEquals(Ticked.SOME, some.of(pet))
        assertEquals(setOf("cat", "dog", "ship"), some.toggle(pet).categories)
        assertEquals(Ticked.NONE, some.of(cat))
    }
}
