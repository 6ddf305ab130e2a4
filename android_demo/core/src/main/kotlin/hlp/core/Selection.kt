package hlp.core

/** Whether all, some or none of the categories below a node are ticked. */
enum class Ticked { ALL, SOME, NONE }

/** The ticked categories; a value, so that ticking gives a new one. */
data class Selection(val categories: Set<String>) {
    /** How much of a node is ticked. */
    fun of(node: Node): Ticked {
        val below = node.categories
        return when (below.count { it in categories }) {
            below.size -> Ticked.ALL
            0 -> Ticked.NONE
            else -> Ticked.SOME
        }
    }

    /** Ticks all below a node, or none if all were. */
    fun toggle(node: Node) = Selection(
        if (of(node) == Ticked.ALL) categories - node.categories.toSet()
        else categories + node.categories,
    )
}
