package hlp.demo

import android.content.res.ColorStateList
import android.graphics.Typeface
import android.os.Build
import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.CheckBox
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.SeekBar
import android.widget.TableLayout
import android.widget.TextView
import hlp.core.Node
import hlp.core.Plan
import hlp.core.Selection
import hlp.core.Ticked
import java.text.NumberFormat
import kotlin.math.abs
import kotlin.math.roundToInt

/** The best categories with a bar each; [nothing] is shown when there are none. */
class ResultsPanel(private val container: LinearLayout, private val nothing: View) {
    fun show(classified: Classified?) {
        val labels = classified?.labels.orEmpty()
        nothing.visibility = if (labels.isEmpty()) View.VISIBLE else View.GONE
        while (container.childCount < labels.size) container.add(R.layout.result)
        for (i in 0 until container.childCount) {
            val row = container.getChildAt(i)
            row.visibility = if (i < labels.size) View.VISIBLE else View.GONE
            if (classified != null && i < labels.size) fill(row, labels[i], classified.probabilities[i])
        }
    }

    private fun fill(row: View, label: String, probability: Float) {
        val percent = (100 * probability).roundToInt()
        row.text(R.id.label, readable(label))
        row.findViewById<ProgressBar>(R.id.bar).progress = percent
        row.text(R.id.percent, row.context.getString(R.string.percent, percent))
        row.contentDescription = row.context.getString(R.string.result, readable(label), percent)
    }
}

/** The taxonomy as a tree of check boxes. */
class CategoriesPanel(
    private val container: LinearLayout,
    private val onChange: (Selection) -> Unit,
) {
    private val boxes = ArrayList<Pair<Node, CheckBox>>()

    fun build(roots: List<Node>) {
        container.removeAllViews()
        boxes.clear()
        add(roots, 0)
    }

    private fun add(nodes: List<Node>, depth: Int) {
        for (node in nodes) {
            val box = container.add(R.layout.category) as CheckBox
            val indent = container.resources.displayMetrics.density * INDENT * depth
            (box.layoutParams as LinearLayout.LayoutParams).marginStart = indent.toInt()
            if (node.children.isNotEmpty()) box.typeface = MEDIUM
            boxes += node to box
            add(node.children, depth + 1)
        }
    }

    fun show(selection: Selection) {
        for ((node, box) in boxes) {
            val ticked = selection.of(node)
            box.isChecked = ticked != Ticked.NONE
            // Grey says that only some are ticked; a platform check box has but two states.
            val tint = if (ticked == Ticked.ALL) R.color.accent else R.color.text_less
            box.buttonTintList = ColorStateList.valueOf(box.context.getColor(tint))
            box.text = text(node, selection)
            box.setOnClickListener { onChange(selection.toggle(node)) }
        }
    }

    private fun text(node: Node, selection: Selection): String {
        val name = readable(node.name)
        if (node.children.isEmpty()) return name
        val below = node.categories
        val ticked = below.count { it in selection.categories }
        return container.context.getString(R.string.node, name, ticked, below.size)
    }

    private companion object {
        /** Of a level of the tree, in dp. */
        const val INDENT = 24

        val MEDIUM: Typeface = Typeface.create("sans-serif-medium", Typeface.NORMAL)
    }
}

/** What the chosen set costs, next to the full network. */
class CostPanel(private val table: TableLayout) {
    private val whole = NumberFormat.getIntegerInstance()
    private val short = NumberFormat.getInstance().apply {
        minimumFractionDigits = 2
        maximumFractionDigits = 2
    }
    private val header = table.add(R.layout.cost_row)
    private val parameters = row(R.string.parameters)
    private val macs = row(R.string.macs)
    private val bytes = row(R.string.bytes)
    private val latency = row(R.string.latency)

    init {
        for ((cell, text) in HEADER) {
            val view = header.findViewById<TextView>(cell)
            view.setText(text)
            view.setTextColor(table.context.getColor(R.color.text_less))
            view.typeface = Typeface.DEFAULT
        }
        header.importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO_HIDE_DESCENDANTS
    }

    /** Shows all; latencies are NaN as long as nobody knows them. */
    fun show(plan: Plan?, gained: Long, millis: Double, full: Plan, fullMillis: Double) {
        fill(parameters, plan?.parameters, full.parameters)
        fill(macs, plan?.let { gained }, full.macs, ::millions)
        fill(bytes, plan?.bytes, full.bytes)
        fill(latency, if (plan == null) Double.NaN else millis, fullMillis, short::format)
    }

    private fun row(name: Int): View {
        val row = table.add(R.layout.cost_row)
        row.text(R.id.name, table.context.getString(name))
        return row
    }

    private fun millions(value: Double) =
        table.context.getString(R.string.millions, short.format(value / 1e6))

    private fun fill(row: View, chosen: Long?, full: Long, format: (Double) -> String = whole::format) =
        fill(row, chosen?.toDouble() ?: Double.NaN, full.toDouble(), format)

    private fun fill(row: View, chosen: Double, full: Double, format: (Double) -> String) {
        fun text(value: Double) = if (value.isNaN()) UNKNOWN else format(value)
        val change = change(chosen, full)
        row.text(R.id.chosen, text(chosen))
        row.text(R.id.full, text(full))
        row.text(R.id.change, change)
        val name = row.findViewById<TextView>(R.id.name).text
        row.contentDescription =
            row.context.getString(R.string.cost_row, name, text(chosen), text(full), change)
    }

    private fun change(chosen: Double, full: Double): String {
        val percent = 100 * (chosen / full - 1)
        if (percent.isNaN()) return UNKNOWN
        val rounded = percent.roundToInt()
        val text = when {
            rounded < 0 -> R.string.fewer
            rounded > 0 -> R.string.more
            else -> R.string.percent
        }
        return table.context.getString(text, abs(rounded))
    }

    private companion object {
        const val UNKNOWN = "–"

        val HEADER = mapOf(
            R.id.chosen to R.string.chosen,
            R.id.full to R.string.full,
            R.id.change to R.string.change,
        )
    }
}

/** A slider for the gain of every branch of the chosen set. */
class GainPanel(private val section: View, private val onChange: (Map<String, Float>) -> Unit) {
    private val container = section.findViewById<LinearLayout>(R.id.gains)
    private val nothing = section.findViewById<View>(R.id.no_gains)
    private val reset = section.findViewById<View>(R.id.reset)
    private var nodes = emptyList<String>()

    /** Factors of all nodes that were ever moved. */
    private var factors = emptyMap<String, Float>()

    init {
        reset.setOnClickListener { onChange(emptyMap()) }
    }

    /** Shows sliders for nodes; null when no set is chosen. */
    fun show(nodes: List<String>?, factors: Map<String, Float>) {
        this.factors = factors
        section.visibility = if (nodes == null) View.GONE else View.VISIBLE
        if (nodes == null) return
        nothing.visibility = if (nodes.isEmpty()) View.VISIBLE else View.GONE
        reset.visibility = if (nodes.isEmpty()) View.GONE else View.VISIBLE
        if (nodes != this.nodes) build(nodes)
        for ((i, node) in nodes.withIndex()) {
            val row = container.getChildAt(i)
            val factor = factors[node] ?: 1f
            row.findViewById<SeekBar>(R.id.slider).progress = (factor * STEPS).roundToInt()
            describe(row, factor)
        }
    }

    private fun build(nodes: List<String>) {
        this.nodes = nodes
        container.removeAllViews()
        for (node in nodes) {
            val row = container.add(R.layout.gain)
            val slider = row.findViewById<SeekBar>(R.id.slider)
            row.text(R.id.name, readable(node))
            slider.contentDescription = row.context.getString(R.string.gain_of, readable(node))
            slider.setOnSeekBarChangeListener(listener(row, node))
        }
    }

    private fun listener(row: View, node: String) = object : SeekBar.OnSeekBarChangeListener {
        override fun onProgressChanged(slider: SeekBar, progress: Int, fromUser: Boolean) {
            if (!fromUser) return
            factors = factors + (node to progress / STEPS)
            describe(row, progress / STEPS)
            onChange(factors)
        }

        override fun onStartTrackingTouch(slider: SeekBar) = Unit

        override fun onStopTrackingTouch(slider: SeekBar) = Unit
    }

    private fun describe(row: View, factor: Float) {
        val text = row.context.getString(R.string.factor, factor)
        row.text(R.id.factor, text)
        // Or TalkBack reads a gain of 1 as 50 percent.
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            row.findViewById<View>(R.id.slider).stateDescription = text
        }
    }

    private companion object {
        /** Of a slider, per unit of the gain. */
        const val STEPS = 100f
    }
}

/** A name of the taxonomy for people. */
fun readable(name: String) = name.trimEnd('_').replace('_', ' ')

private fun View.text(id: Int, text: String) {
    findViewById<TextView>(id).text = text
}

private fun ViewGroup.add(layout: Int): View {
    val row = LayoutInflater.from(context).inflate(layout, this, false)
    addView(row)
    return row
}
