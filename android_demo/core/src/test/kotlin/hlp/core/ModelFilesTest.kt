package hlp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.io.File
import java.io.FileNotFoundException

class ModelFilesTest {
    private val folder = FolderSource(File(System.getProperty("models")))
    private val file = Golden.withGain.manifest().models.first().file

    @Test
    fun readsAFileThatIsAsExported() {
        val model = Golden.withGain.model(file)
        assertEquals(file.bytes, model.remaining().toLong())
        assertTrue(model.isDirect)
    }

    @Test
    fun tellsOfAMissingFile() {
        val files = ModelFiles { throw FileNotFoundException(it) }
        assertTrue("manifest.json is missing" in assertThrows<Problem> { files.manifest() }.message!!)
        assertTrue("${file.path} is missing" in assertThrows<Problem> { files.model(file) }.message!!)
    }

    @Test
    fun tellsOfAChangedFile() {
        val oneBit = ModelFiles { path ->
            folder.read(path).also { it[it.size / 2] = (it[it.size / 2] + 1).toByte() }
        }
        val cut = ModelFiles { path -> folder.read(path).copyOf(100) }
        for (files in listOf(oneBit, cut)) {
            val message = assertThrows<Problem> { files.model(file) }.message!!
            assertTrue("${file.path} is not the file that was exported" in message, message)
        }
    }
}
