package hlp.demo

import android.Manifest
import android.annotation.SuppressLint
import android.content.Context
import android.content.pm.PackageManager
import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.view.Surface
import hlp.core.Plane
import hlp.core.YuvFrame
import java.nio.ByteBuffer

/** Whether there are frames, and if not, why. */
enum class CameraState { RUNNING, NO_PERMISSION, NO_CAMERA, FAILED }

/** Size of the frames; every camera has it. */
const val FRAME_WIDTH = 640
const val FRAME_HEIGHT = 480

/**
 * The camera at the back, or another if there is none there.
 *
 * All calls and callbacks are on the thread of [handler].
 *
 * @param displayDegrees how far the display is turned from its natural position.
 * @param onFrame gets the latest frame; it is valid during the call only.
 */
class Camera(
    private val context: Context,
    private val handler: Handler,
    private val displayDegrees: Int,
    private val onState: (CameraState) -> Unit,
    private val onFrame: (YuvFrame) -> Unit,
) : AutoCloseable {
    private val manager = context.getSystemService(Context.CAMERA_SERVICE) as CameraManager
    private var reader: ImageReader? = null
    private var device: CameraDevice? = null
    private var preview: Surface? = null
    private var closed = false
    private var rotation = 0
    private val frame =
        YuvFrame(FRAME_WIDTH, FRAME_HEIGHT, 0, emptyPlane(), emptyPlane(), emptyPlane())

    /** Starts to show frames on a texture and to hand them on. */
    @SuppressLint("MissingPermission")
    fun open(texture: SurfaceTexture) {
        if (context.checkSelfPermission(Manifest.permission.CAMERA) != PackageManager.PERMISSION_GRANTED) {
            return onState(CameraState.NO_PERMISSION)
        }
        try {
            val id = chooseCamera() ?: return onState(CameraState.NO_CAMERA)
            texture.setDefaultBufferSize(FRAME_WIDTH, FRAME_HEIGHT)
            preview = Surface(texture)
            reader = openReader()
            manager.openCamera(id, deviceCallback, handler)
        } catch (error: CameraAccessException) {
            fail()
        } catch (error: IllegalArgumentException) {
            fail()
        } catch (error: SecurityException) {
            onState(CameraState.NO_PERMISSION)
        }
    }

    override fun close() {
        closed = true
        device?.close()
        reader?.close()
        preview?.release()
        device = null
        reader = null
        preview = null
    }

    private fun fail() {
        close()
        onState(CameraState.FAILED)
    }

    private fun chooseCamera(): String? {
        val ids = manager.cameraIdList
        val id = ids.find { facing(it) == CameraCharacteristics.LENS_FACING_BACK } ?: ids.firstOrNull()
        if (id != null) rotation = rotationOf(id)
        return id
    }

    private fun facing(id: String) =
        manager.getCameraCharacteristics(id).get(CameraCharacteristics.LENS_FACING)

    /** Clockwise degrees that put a frame upright on the display. */
    private fun rotationOf(id: String): Int {
        val sensor = manager.getCameraCharacteristics(id)
            .get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0
        val front = facing(id) == CameraCharacteristics.LENS_FACING_FRONT
        return (sensor + if (front) displayDegrees else 360 - displayDegrees) % 360
    }

    private fun openReader(): ImageReader {
        val opened = ImageReader.newInstance(FRAME_WIDTH, FRAME_HEIGHT, ImageFormat.YUV_420_888, 2)
        opened.setOnImageAvailableListener({ it.acquireLatestImage()?.use(::handOn) }, handler)
        return opened
    }

    private fun handOn(image: Image) {
        if (closed) return
        val planes = image.planes
        frame.width = image.width
        frame.height = image.height
        frame.rotation = rotation
        frame.y.set(planes[0])
        frame.u.set(planes[1])
        frame.v.set(planes[2])
        onFrame(frame)
    }

    private val deviceCallback = object : CameraDevice.StateCallback() {
        override fun onOpened(camera: CameraDevice) {
            if (closed) return camera.close()
            device = camera
            try {
                startSession(camera)
            } catch (error: CameraAccessException) {
                fail()
            }
        }

        override fun onDisconnected(camera: CameraDevice) = fail()

        override fun onError(camera: CameraDevice, error: Int) {
            camera.close()
            fail()
        }
    }

    @Suppress("DEPRECATION") // Its successor needs Android 9.
    private fun startSession(camera: CameraDevice) {
        val surfaces = listOfNotNull(preview, reader?.surface)
        camera.createCaptureSession(surfaces, sessionCallback(camera, surfaces), handler)
    }

    private fun sessionCallback(camera: CameraDevice, surfaces: List<Surface>) =
        object : CameraCaptureSession.StateCallback() {
            override fun onConfigured(session: CameraCaptureSession) {
                if (closed) return
                try {
                    val request = camera.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
                    surfaces.forEach(request::addTarget)
                    session.setRepeatingRequest(request.build(), null, handler)
                    onState(CameraState.RUNNING)
                } catch (error: CameraAccessException) {
                    fail()
                } catch (error: IllegalStateException) {
                    fail()
                }
            }

            override fun onConfigureFailed(session: CameraCaptureSession) = fail()
        }
}

private fun emptyPlane() = Plane(ByteBuffer.allocate(0), 0, 0)

private fun Plane.set(plane: Image.Plane) {
    bytes = plane.buffer
    rowStride = plane.rowStride
    pixelStride = plane.pixelStride
}
