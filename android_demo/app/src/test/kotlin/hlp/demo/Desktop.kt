package hlp.demo

import hlp.core.DesktopRuntime
import hlp.core.Runtime
import hlp.core.Session
import hlp.core.Source
import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicInteger

/** The app's screen on the desktop: TFLite for the JVM, and files that a test may break. */
class DesktopActivity : MainActivity() {
    override fun source(): Source {
        val whole = super.source()
        return object : Source {
            override fun read(path: String) = broken(path, whole.read(path))
        }
    }

    override fun runtime(): Runtime = CountingRuntime

    companion object {
        /** Gets the path and the bytes of every file that is read. */
        var broken: (String, ByteArray) -> ByteArray = { _, bytes -> bytes }
    }
}

/** Counts the models that are open. */
object CountingRuntime : Runtime {
    private val desktop = DesktopRuntime()
    val open = AtomicInteger()

    override fun open(model: ByteBuffer, signature: String?): Session {
        val session = desktop.open(model, signature)
        open.incrementAndGet()
        return object : Session by session {
            override fun close() {
                open.decrementAndGet()
                session.close()
            }
        }
    }
}
