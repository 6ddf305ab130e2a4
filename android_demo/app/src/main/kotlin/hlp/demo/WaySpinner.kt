package hlp.demo

import android.view.View
import android.widget.AdapterView
import android.widget.ArrayAdapter
import android.widget.Spinner
import hlp.core.Way

/** The ways to run the chosen set. */
class WaySpinner(private val spinner: Spinner, private val onChoice: (Way) -> Unit) :
    AdapterView.OnItemSelectedListener {
    private var ways = emptyList<Way>()

    init {
        spinner.onItemSelectedListener = this
        spinner.isSaveEnabled = false
    }

    /** Shows ways and which of them is taken; nothing when there is none. */
    fun show(ways: List<Way>, chosen: Way?) {
        spinner.visibility = if (chosen == null) View.INVISIBLE else View.VISIBLE
        if (chosen == null) return
        if (ways != this.ways) {
            this.ways = ways
            val names = ways.map { spinner.context.getString(nameOf(it)) }
            val adapter = ArrayAdapter(spinner.context, R.layout.way, names)
            adapter.setDropDownViewResource(android.R.layout.simple_spinner_dropdown_item)
            spinner.adapter = adapter
        }
        spinner.setSelection(ways.indexOf(chosen))
    }

    private fun nameOf(way: Way) = when (way) {
        Way.FILE -> R.string.way_file
        Way.BUNDLE -> R.string.way_bundle
        Way.PARTS -> R.string.way_parts
    }

    override fun onItemSelected(parent: AdapterView<*>?, view: View?, position: Int, id: Long) {
        ways.getOrNull(position)?.let(onChoice)
    }

    override fun onNothingSelected(parent: AdapterView<*>?) = Unit
}
