package hlp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class ManifestTest {
    private fun message(change: (String) -> String) =
        assertThrows<Problem> { changedManifest(change).manifest() }.message.orEmpty()

    @Test
    fun readsTheShippedOne() {
        val manifest = Golden.withGain.manifest()
        assertEquals(10, manifest.taxonomy.categories.size)
        assertEquals(5, manifest.models.size)
        assertEquals(13, manifest.parts.size)
        assertNotNull(manifest.bundle)
        val (model) = manifest.models
        assertEquals(Tensor(listOf(1, 32, 32, 3), DataType.INT8, 0.003921568859368563, -128), model.input)
        assertEquals(7, model.gainNodes.size)
        assertEquals(listOf("airplane", "ship", "automobile", "truck"),
            manifest.taxonomy.roots.single { it.name == "vehicle" }.categories)
    }

    @Test
    fun refusesANewerVersion() {
        val message = message { it.replace("\"version\": 3\n", "\"version\": 4\n") }
        assertTrue("newer app" in message && "version 4" in message, message)
    }

    @Test
    fun refusesAnOlderVersion() {
        val message = message { it.replace("\"version\": 3\n", "\"version\": 2\n") }
        assertTrue("got 2" in message && "Export" in message, message)
    }

    @Test
    fun refusesGreyImages() {
        val message = message { it.replace(Regex("""32,\s*3\s*]"""), "32, 1]") }
        assertTrue("[1, 32, 32, 1]" in message && "three channels" in message, message)
    }

    @Test
    fun refusesWhatIsNoManifest() {
        assertTrue("cannot be read" in message { "no JSON" })
        assertTrue("cannot be read" in message { it.replace("\"sha256\"", "\"digest\"") })
        assertTrue("int4" in message { it.replace("\"int8\",", "\"int4\",") })
    }
}
