package hlp.core

/** How a category set is run. */
enum class Way {
    /** The file of this category set. */
    FILE,

    /** Its signature in the file that has all category sets. */
    BUNDLE,

    /** The trunk once, then the branches and heads that are needed. */
    PARTS,
}

/**
 * One model to run.
 *
 * @property signature which network of the file; null when it has one.
 * @property parent position of the stage whose output it takes; -1 for the image.
 */
data class Stage(val network: Network, val signature: String?, val parent: Int)

/** The models to run for a category set, each after the one whose output it takes. */
data class Plan(
    val way: Way,
    val stages: List<Stage>,
    val labels: List<String>,
    val normalisation: Normalisation,
) {
    val parameters: Long get() = stages.sumOf { it.network.parameters }
    val macs: Long get() = stages.sumOf { it.network.macs }

    /** Of the files; a bundle is always there as a whole. */
    val bytes: Long get() = stages.sumOf { it.network.file.bytes }

    /** The nodes whose gain can be set. */
    val gainNodes: List<String> get() = stages.flatMap { it.network.gainNodes }.distinct()
}

/** Chooses the models of an export for category sets. */
class Planner(private val manifest: Manifest) {
    private val partOf = manifest.parts.associateBy(Part::name)

    /** All categories that can be chosen, in the order of their class indices. */
    val categories: List<String> = manifest.taxonomy.categories.filter { name ->
        manifest.models.any { name in it.labels } ||
            manifest.parts.any { name in it.network.labels }
    }

    /** The ways in which a category set can be run, the cheapest first. */
    fun ways(selection: Set<String>): List<Way> = Way.values().filter { way ->
        when (way) {
            Way.FILE -> modelOf(selection) >= 0
            Way.BUNDLE -> modelOf(selection) >= 0 && manifest.bundle != null
            Way.PARTS -> manifest.parts.any() && selection.all { headOf(it) != null }
        }
    }

    /**
     * Plans how to run a category set.
     *
     * @param way one of [ways]; null for the first.
     * @throws Problem nothing is selected, or nothing computes it.
     */
    fun plan(selection: Set<String>, way: Way? = null): Plan {
        if (selection.isEmpty()) throw Problem("Tick at least one category.")
        val ways = ways(selection)
        val chosen = (way ?: ways.firstOrNull())?.takeIf(ways::contains) ?: throw Problem(
            "No exported file computes ${selection.sorted().joinToString()}. Tick other " +
                "categories, or export these with --target android.",
        )
        val stages = when (chosen) {
            Way.FILE -> listOf(Stage(manifest.models[modelOf(selection)], null, -1))
            Way.BUNDLE -> listOf(bundled(modelOf(selection), checkNotNull(manifest.bundle)))
            Way.PARTS -> parts(selection)
        }
        val labels = manifest.taxonomy.categories.filter(selection::contains)
        return Plan(chosen, stages, labels, manifest.normalisation)
    }

    private fun modelOf(selection: Set<String>) =
        manifest.models.indexOfFirst { it.labels.toSet() == selection }

    private fun headOf(category: String) =
        manifest.parts.find { category in it.network.labels }

    private fun bundled(model: Int, bundle: Bundle) =
        Stage(manifest.models[model].copy(file = bundle.file), bundle.signatures[model], -1)

    private fun parts(selection: Set<String>): List<Stage> {
        val needed = selection.flatMapTo(HashSet()) { wayTo(checkNotNull(headOf(it))) }
        val kept = manifest.parts.filter { it.name in needed }
        return kept.map { part -> Stage(part.network, null, kept.indexOfFirst { it.name == part.parent }) }
    }

    private fun wayTo(part: Part): List<String> {
        val above = part.parent ?: return listOf(part.name)
        val parent = partOf[above]
            ?: throw Problem("The manifest lists ${part.name} but not $above, whose output it takes.")
        return wayTo(parent) + part.name
    }
}
