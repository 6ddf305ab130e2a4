package hlp.demo

import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.CheckBox
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.SeekBar
import android.widget.TableLayout
import android.widget.TableRow
import android.widget.TextView
import hlp.core.Node
import hlp.core.Plan
import hlp.core.Selection
import hlp.core.Ticked
import java.text.NumberFormat
import kotlin.math.roundToInt

/** The best categories with a bar each. */
class ResultsPanel(private val container: LinearLayout) {
    fun show(classified: Classified) {
        while (container.childCount < classified.labels.size) container.add(R.layout.result)
        for (i in 0 until container.childCount) {
            val row = container.getChildAt(i)
            row.visibility = if (i < classified.labels.size) View.VISIBLE else View.GONE
            if (i < classified.labels.size) fill(row, classified.labels[i], classified.probabilities[i])
        }
    }

    private fun fill(row: View, label: String, probability: Float) {
        val percent = (100 * probability).roundToInt()
        row.findViewById<TextView>(R.id.label).text = readable(label)
        row.findViewById<ProgressBar>(R.id.bar).progress = percent
        row.findViewById<TextView>(R.id.percent).text =
            row.context.getString(R.string.percent, percent)
        row.contentDescription = row.context.getString(R.string.result, readable(label), percent)
    }
}

/** The taxonomy as a tree of check boxes. */
class CategoriesPanel(
    private val container: LinearLayout,
    private val onChange: (Selection) -> Unit,
) {
    private val boxes = ArrayList<Pair<Node, CheckBox>>()

    fun build(nodes: List<Node>, depth: Int = 0) {
        if (depth == 0) {
            container.removeAllViews()
            boxes.clear()
        }
        val indent = container.resources.displayMetrics.density * 24 * depth
        for (node in nodes) {
            val box = CheckBox(container.context)
            // The state is kept by the activity; the views have no ids to keep it by.
            box.isSaveEnabled = false
            val layout = LinearLayout.LayoutParams(
                ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.WRAP_CONTENT,
            )
            layout.marginStart = indent.toInt()
            box.minHeight = (container.resources.displayMetrics.density * 48).toInt()
            container.addView(box, layout)
            boxes += node to box
            build(node.children, depth + 1)
        }
    }

    fun show(selection: Selection) {
        for ((node, box) in boxes) {
            box.isChecked = selection.of(node) != Ticked.NONE
            box.alpha = if (selection.of(node) == Ticked.SOME) 0.6f else 1f
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
}

/** What the chosen set costs, next to the full network. */
class CostPanel(private val table: TableLayout) {
    private val whole = NumberFormat.getIntegerInstance()
    private val short = NumberFormat.getInstance().apply {
        minimumFractionDigits = 2
        maximumFractionDigits = 2
    }

    /** Shows all; latencies are NaN as long as nobody knows them. */
    fun show(plan: Plan?, macs: Long, millis: Double, full: Plan, fullMillis: Double) {
        table.removeAllViews()
        val context = table.context
        row("", context.getString(R.string.chosen), context.getString(R.string.full),
            context.getString(R.string.less))
        row(R.string.parameters, plan?.parameters, full.parameters)
        row(R.string.macs, plan?.let { macs }, full.macs)
        row(R.string.bytes, plan?.bytes, full.bytes)
        val chosen = if (plan == null) Double.NaN else millis
        row(context.getString(R.string.latency), text(chosen, short::format),
            text(fullMillis, short::format), less(chosen, fullMillis))
    }

    private fun row(name: Int, chosen: Long?, full: Long) {
        val value = chosen?.toDouble() ?: Double.NaN
        row(table.context.getString(name), text(value, whole::format), whole.format(full),
            less(value, full.toDouble()))
    }

    private fun text(value: Double, format: (Double) -> String) =
        if (value.isNaN()) "–" else format(value)

    private fun less(chosen: Double, full: Double): String {
        val share = 100 * (1 - chosen / full)
        return if (share.isNaN()) "–" else table.context.getString(R.string.percent, share.roundToInt())
    }

    private fun row(vararg cells: String) {
        val row = TableRow(table.context)
        row.isFocusable = true
        row.contentDescription = cells.filter(String::isNotEmpty).joinToString()
        for ((i, cell) in cells.withIndex()) {
            val view = TextView(table.context)
            view.text = cell
            view.textAlignment =
                if (i == 0) View.TEXT_ALIGNMENT_VIEW_START else View.TEXT_ALIGNMENT_VIEW_END
            view.setPadding(if (i == 0) 0 else (12 * density()).toInt(), 0, 0, (4 * density()).toInt())
            row.addView(view)
        }
        table.addView(row)
    }

    private fun density() = table.resources.displayMetrics.density
}

/** A slider for the gain of every branch of the chosen set. */
class GainPanel(
    private val container: LinearLayout,
    private val onChange: (Map<String, Float>) -> Unit,
) {
    private var nodes = emptyList<String>()

    /** Factors of all nodes that were ever moved. */
    var factors = emptyMap<String, Float>()
        private set

    fun show(nodes: List<String>, factors: Map<String, Float>) {
        this.factors = factors
        if (nodes != this.nodes || container.childCount == 0) build(nodes)
        for ((i, node) in nodes.withIndex()) {
            val row = container.getChildAt(i)
            val factor = factors[node] ?: 1f
            row.findViewById<SeekBar>(R.id.slider).progress = (factor * STEPS).roundToInt()
            describe(row, node, factor)
        }
    }

    private fun build(nodes: List<String>) {
        this.nodes = nodes
        container.removeAllViews()
        for (node in nodes) {
            val row = container.add(R.layout.gain)
            val slider = row.findViewById<SeekBar>(R.id.slider)
            slider.isSaveEnabled = false
            slider.contentDescription = row.context.getString(R.string.gain_of, readable(node))
            slider.setOnSeekBarChangeListener(listener(row, node))
        }
        if (nodes.isEmpty()) {
            val text = TextView(container.context)
            text.setText(R.string.no_gains)
            container.addView(text)
        }
    }

    private fun listener(row: View, node: String) = object : SeekBar.OnSeekBarChangeListener {
        override fun onProgressChanged(slider: SeekBar, progress: Int, fromUser: Boolean) {
            if (!fromUser) return
            factors = factors + (node to progress / STEPS)
            describe(row, node, progress / STEPS)
            onChange(factors)
        }

        override fun onStartTrackingTouch(slider: SeekBar) = Unit

        override fun onStopTrackingTouch(slider: SeekBar) = Unit
    }

    private fun describe(row: View, node: String, factor: Float) {
        row.findViewById<TextView>(R.id.name).text =
            row.context.getString(R.string.gain, readable(node), factor)
    }

    private companion object {
        /** Of a slider, per unit of the gain. */
        const val STEPS = 100f
    }
}

/** A name of the taxonomy for people. */
fun readable(name: String) = name.trimEnd('_').replace('_', ' ')

private fun LinearLayout.add(layout: Int): View {
    val row = LayoutInflater.from(context).inflate(layout, this, false)
    addView(row)
    return row
}
