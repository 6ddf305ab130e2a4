package hlp.core

/** A category, or a node with what hangs on it. */
data class Node(val name: String, val children: List<Node>) {
    /** Names of the categories at and below it. */
    val categories: List<String>
        get() = if (children.isEmpty()) listOf(name) else children.flatMap(Node::categories)
}

/** The tree of categories; [categories] are in the order of the class indices. */
data class Taxonomy(val roots: List<Node>, val categories: List<String>) {
    companion object {
        /** Brings the tree into the order of the class indices, which JSON does not keep. */
        fun of(roots: List<Node>, categories: List<String>): Taxonomy {
            val index = categories.withIndex().associate { (i, name) -> name to i }
            return Taxonomy(ordered(roots, index), categories)
        }
    }
}

private fun ordered(nodes: List<Node>, index: Map<String, Int>): List<Node> {
    fun first(node: Node) = node.categories.minOf { index[it] ?: Int.MAX_VALUE }
    return nodes
        .map { Node(it.name, ordered(it.children, index)) }
        .sortedWith { a, b -> first(a).compareTo(first(b)) }
}
