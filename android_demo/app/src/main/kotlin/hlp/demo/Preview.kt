package hlp.demo

import android.app.Activity
import android.graphics.Matrix
import android.graphics.SurfaceTexture
import android.os.Handler
import android.view.Surface
import android.view.TextureView
import android.view.View
import hlp.core.YuvFrame

/**
 * The view of the camera, which is open only while it is wanted.
 *
 * @param cover hides the view while the camera does not run: else its last frame would stay.
 * @param handler of the thread that gets the frames.
 * @param onState called on the main thread, unless the camera is no longer wanted.
 */
class Preview(
    private val activity: Activity,
    private val view: TextureView,
    private val cover: View,
    private val handler: Handler,
    private val onState: (CameraState) -> Unit,
    private val onFrame: (YuvFrame) -> Unit,
) : TextureView.SurfaceTextureListener {
    private var camera: Camera? = null
    private var wanted = false

    init {
        view.surfaceTextureListener = this
    }

    /** Opens the camera as soon as there is a surface to show it on. */
    fun open() {
        wanted = true
        val texture = view.surfaceTexture ?: return
        if (camera != null) return
        turn()
        lateinit var opened: Camera
        opened = Camera(activity, handler, displayDegrees(), { tell(opened, it) }, onFrame)
        camera = opened
        handler.post { opened.open(texture) }
    }

    fun close() {
        wanted = false
        release()
    }

    private fun release() {
        val open = camera ?: return
        camera = null
        cover.visibility = View.VISIBLE
        handler.post(open::close)
    }

    private fun tell(from: Camera, state: CameraState) = activity.runOnUiThread {
        if (camera !== from) return@runOnUiThread
        if (state != CameraState.RUNNING) camera = null
        cover.visibility = if (state == CameraState.RUNNING) View.GONE else View.VISIBLE
        onState(state)
    }

    @Suppress("DEPRECATION") // Its successor needs Android 11.
    private fun displayDegrees() = when (activity.windowManager.defaultDisplay.rotation) {
        Surface.ROTATION_90 -> 90
        Surface.ROTATION_180 -> 180
        Surface.ROTATION_270 -> 270
        else -> 0
    }

    /** Makes the frames fill the view, upright and undistorted. */
    private fun turn() {
        val degrees = displayDegrees()
        val width = view.width.toFloat()
        val height = view.height.toFloat()
        val (across, down) = if (degrees % 180 == 0) width to height else height to width
        val scale = maxOf(across / FRAME_HEIGHT, down / FRAME_WIDTH)
        val matrix = Matrix()
        matrix.postScale(
            scale * FRAME_HEIGHT / width, scale * FRAME_WIDTH / height, width / 2, height / 2,
        )
        matrix.postRotate(-degrees.toFloat(), width / 2, height / 2)
        view.setTransform(matrix)
    }

    override fun onSurfaceTextureAvailable(surface: SurfaceTexture, width: Int, height: Int) {
        if (wanted) open()
    }

    override fun onSurfaceTextureSizeChanged(surface: SurfaceTexture, width: Int, height: Int) = turn()

    override fun onSurfaceTextureDestroyed(surface: SurfaceTexture): Boolean {
        release()
        return true
    }

    override fun onSurfaceTextureUpdated(surface: SurfaceTexture) = Unit
}
