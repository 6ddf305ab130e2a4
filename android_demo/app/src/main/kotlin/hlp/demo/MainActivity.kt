package hlp.demo

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.graphics.drawable.BitmapDrawable
import android.net.Uri
import android.os.Bundle
import android.provider.Settings
import android.view.View
import android.widget.Button
import android.widget.ImageView
import android.widget.TextView
import hlp.core.ArgbPicture
import hlp.core.Plan
import hlp.core.Problem
import hlp.core.Runtime
import hlp.core.Selection
import hlp.core.Source
import hlp.core.Way
import java.io.IOException

/** The one screen: picture, results, cost, categories and gains. */
open class MainActivity : Activity(), ModelsListener {
    private lateinit var models: Models
    private lateinit var preview: Preview
    private lateinit var message: TextView
    private lateinit var allow: Button
    private lateinit var ways: WaySpinner
    private lateinit var results: ResultsPanel
    private lateinit var cost: CostPanel
    private lateinit var categories: CategoriesPanel
    private lateinit var gains: GainPanel

    private var loaded: Loaded? = null
    private var plan: Plan? = null
    private var macs = 0L
    private var millis = Double.NaN
    private var fullMillis = Double.NaN
    private var resumed = false

    // What is kept when the screen is turned.
    private var selection: Selection? = null
    private var way: Way? = null
    private var factors = emptyMap<String, Float>()
    private var picture: Uri? = null
    private var asked = false

    // The first is of the models, the second of camera or picture.
    private var modelProblem: String? = null
    private var viewProblem: String? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.main)
        savedInstanceState?.let(::restore)
        models = Models(source(), runtime(), this)
        findViews()
        models.setGain(factors)
        picture?.let(::showPicture)
    }

    /** Where the models are. */
    protected open fun source(): Source = AssetSource(assets, MODELS)

    /** What runs the models: another one where LiteRT has no library for. */
    protected open fun runtime(): Runtime = LiteRt()

    override fun onResume() {
        super.onResume()
        resumed = true
        openCamera()
    }

    override fun onPause() {
        resumed = false
        preview.close()
        super.onPause()
    }

    override fun onDestroy() {
        models.close()
        super.onDestroy()
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putStringArray("selection", selection?.categories?.toTypedArray())
        state.putString("way", way?.name)
        state.putStringArray("gain_nodes", factors.keys.toTypedArray())
        state.putFloatArray("gain", factors.values.toFloatArray())
        state.putParcelable("picture", picture)
        state.putBoolean("asked", asked)
    }

    @Suppress("DEPRECATION") // The successor of getParcelable needs Android 13.
    private fun restore(state: Bundle) {
        selection = state.getStringArray("selection")?.let { Selection(it.toSet()) }
        way = state.getString("way")?.let(Way::valueOf)
        val nodes = state.getStringArray("gain_nodes").orEmpty()
        factors = nodes.zip(state.getFloatArray("gain")?.toList().orEmpty()).toMap()
        picture = state.getParcelable("picture")
        asked = state.getBoolean("asked")
    }

    private fun findViews() {
        preview = Preview(this, findViewById(R.id.preview), findViewById(R.id.cover), models.handler,
            ::onCameraState, models::classify)
        message = findViewById(R.id.message)
        allow = findViewById(R.id.allow)
        allow.setOnClickListener { askForCamera() }
        ways = WaySpinner(findViewById(R.id.way)) { choose(it) }
        results = ResultsPanel(findViewById(R.id.results), findViewById(R.id.no_results))
        cost = CostPanel(findViewById(R.id.cost))
        categories = CategoriesPanel(findViewById(R.id.categories)) { select(it) }
        gains = GainPanel(findViewById(R.id.gains_section)) { setGain(it) }
        findViewById<View>(R.id.use_camera).setOnClickListener { useCamera() }
        findViewById<View>(R.id.use_picture).setOnClickListener { pickPicture() }
    }

    // What the user does.

    private fun select(changed: Selection) {
        selection = changed
        way = null
        categories.show(changed)
        models.choose(changed.categories, null)
    }

    private fun choose(changed: Way) {
        if (changed == plan?.way) return
        way = changed
        selection?.let { models.choose(it.categories, changed) }
    }

    private fun setGain(changed: Map<String, Float>) {
        factors = changed
        models.setGain(changed)
        gains.show(plan?.gainNodes, changed)
    }

    private fun useCamera() {
        picture = null
        models.show(null)
        findViewById<View>(R.id.picture).visibility = View.GONE
        results.show(null)
        viewProblem(null)
        openCamera()
    }

    private fun pickPicture() {
        val intent = Intent(Intent.ACTION_OPEN_DOCUMENT)
            .addCategory(Intent.CATEGORY_OPENABLE)
            .setType("image/*")
        try {
            startActivityForResult(intent, PICK)
        } catch (error: android.content.ActivityNotFoundException) {
            viewProblem(getString(R.string.picture_failed))
        }
    }

    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        val uri = data?.data
        if (request == PICK && result == RESULT_OK && uri != null) showPicture(uri)
    }

    // Pictures.

    private fun showPicture(uri: Uri) {
        picture = uri
        preview.close()
        models.handler.post {
            try {
                val bitmap = readPicture(contentResolver, uri)
                val pixels = bitmap.toArgb()
                runOnUiThread { if (picture == uri) show(bitmap, pixels) }
            } catch (problem: Problem) {
                pictureFailed(uri, problem.message.orEmpty())
            } catch (error: IOException) {
                pictureFailed(uri, getString(R.string.picture_failed))
            } catch (error: SecurityException) {
                pictureFailed(uri, getString(R.string.picture_failed))
            }
        }
    }

    private fun pictureFailed(uri: Uri, text: String) = runOnUiThread {
        if (picture != uri) return@runOnUiThread
        models.show(null)
        findViewById<View>(R.id.picture).visibility = View.GONE
        results.show(null)
        viewProblem(text)
    }

    private fun show(bitmap: Bitmap, pixels: ArgbPicture) {
        models.show(pixels)
        viewProblem(null)
        val view = findViewById<ImageView>(R.id.picture)
        val drawable = BitmapDrawable(resources, bitmap)
        // A small picture is shown by its pixels: the network has no more to go by.
        drawable.isFilterBitmap = bitmap.width > view.rootView.width / 2
        view.setImageDrawable(drawable)
        view.visibility = View.VISIBLE
    }

    // The camera.

    private fun openCamera() {
        if (resumed && picture == null) preview.open()
    }

    private fun onCameraState(state: CameraState) {
        allow.visibility = if (state == CameraState.NO_PERMISSION) View.VISIBLE else View.GONE
        viewProblem(
            when (state) {
                CameraState.RUNNING -> null
                CameraState.NO_PERMISSION -> getString(R.string.no_permission)
                CameraState.NO_CAMERA -> getString(R.string.no_camera)
                CameraState.FAILED -> getString(R.string.camera_failed)
            },
        )
        if (state == CameraState.NO_PERMISSION && !asked) askForCamera()
    }

    /** Asks, or opens the settings when Android does not ask any more. */
    private fun askForCamera() {
        if (asked && !shouldShowRequestPermissionRationale(Manifest.permission.CAMERA)) {
            val settings = Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS)
            startActivity(settings.setData(Uri.fromParts("package", packageName, null)))
        } else {
            asked = true
            requestPermissions(arrayOf(Manifest.permission.CAMERA), PERMISSION)
        }
    }

    override fun onRequestPermissionsResult(request: Int, names: Array<String>, granted: IntArray) {
        if (granted.firstOrNull() == PackageManager.PERMISSION_GRANTED) openCamera()
    }

    // What the models say.

    override fun onLoaded(loaded: Loaded) {
        this.loaded = loaded
        val start = selection ?: Selection(loaded.categories.toSet())
        selection = start
        findViewById<View>(R.id.cost_panel).visibility = View.VISIBLE
        findViewById<View>(R.id.controls).visibility = View.VISIBLE
        categories.build(loaded.taxonomy.roots)
        categories.show(start)
        models.choose(start.categories, way)
    }

    override fun onFullLatency(medianMillis: Double) {
        fullMillis = medianMillis
        showCost()
    }

    override fun onChosen(plan: Plan, ways: List<Way>) {
        this.plan = plan
        macs = plan.macs
        millis = Double.NaN
        modelProblem(null)
        this.ways.show(ways, plan.way)
        gains.show(plan.gainNodes, factors)
        showCost()
    }

    override fun onClassified(classified: Classified) {
        if (plan == null) return
        macs = classified.macs
        millis = classified.medianMillis
        // Measured under the same conditions as the sets that are chosen after it.
        if (plan == loaded?.full) fullMillis = millis
        results.show(classified)
        showCost()
    }

    override fun onProblem(message: String) {
        plan = null
        modelProblem(message)
        results.show(null)
        ways.show(emptyList(), null)
        gains.show(null, factors)
        showCost()
    }

    private fun showCost() {
        val full = loaded?.full ?: return
        cost.show(plan, macs, millis, full, fullMillis)
    }

    private fun modelProblem(text: String?) {
        modelProblem = text
        showProblems()
    }

    private fun viewProblem(text: String?) {
        viewProblem = text
        if (picture != null) allow.visibility = View.GONE
        showProblems()
    }

    private fun showProblems() {
        val texts = listOfNotNull(modelProblem, viewProblem)
        message.text = texts.joinToString("\n")
        message.visibility = if (texts.isEmpty()) View.GONE else View.VISIBLE
    }

    private companion object {
        const val MODELS = "models"
        const val PICK = 1
        const val PERMISSION = 2
    }
}
