package hlp.core

import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

/** The version of `manifest.json` that [Manifest.parse] reads. */
const val MANIFEST_VERSION = 3

/** How real values are stored in a tensor. */
enum class DataType(val bytes: Int) { INT8(1), UINT8(1), FLOAT32(4) }

/**
 * An input or output of a model.
 *
 * A real value is `scale * (integer - zeroPoint)`; a float tensor has scale 1 and zero point 0.
 */
data class Tensor(
    val shape: List<Int>,
    val type: DataType,
    val scale: Double,
    val zeroPoint: Int,
) {
    /** Numbers in it. */
    val size: Int = shape.fold(1, Int::times)
}

/** `input = (pixel - mean) * scale` for a pixel of 0 to 255. */
data class Normalisation(val scale: Double, val mean: Double)

/** A file of the export, by its path from the manifest. */
data class ListedFile(val path: String, val sha256: String, val bytes: Long)

/** What models of category sets and parts have in common. */
data class Network(
    val file: ListedFile,
    val labels: List<String>,
    val input: Tensor,
    val output: Tensor,
    val gain: Tensor?,
    val gainNodes: List<String>,
    val parameters: Long,
    val macs: Long,
)

/** A segment as a model of its own, on the output of [parent]; the trunk has none. */
data class Part(val name: String, val parent: String?, val network: Network)

/** All models in one file; [signatures] are in the order of [Manifest.models]. */
data class Bundle(val file: ListedFile, val signatures: List<String>)

/** What `hlp-export --target android` wrote, as far as an app needs it. */
data class Manifest(
    val taxonomy: Taxonomy,
    val normalisation: Normalisation,
    val models: List<Network>,
    val parts: List<Part>,
    val bundle: Bundle?,
) {
    companion object {
        /**
         * Reads a `manifest.json`.
         *
         * @throws Problem it is none, or one of another version.
         */
        fun parse(text: String): Manifest = try {
            val json = JSONObject(text)
            checkVersion(json.optInt("version", 0))
            read(json)
        } catch (error: JSONException) {
            throw Problem("manifest.json cannot be read: ${error.message}", error)
        }
    }
}

private fun checkVersion(version: Int) {
    if (version > MANIFEST_VERSION) {
        throw Problem(
            "These models need a newer app: their manifest has version $version, this app " +
                "reads $MANIFEST_VERSION. Update the app.",
        )
    }
    if (version < MANIFEST_VERSION) {
        throw Problem(
            "Expected a manifest of version $MANIFEST_VERSION, got $version. Export the models " +
                "again with today's hlp-export.",
        )
    }
}

private fun read(json: JSONObject): Manifest {
    val models = json.getJSONArray("models").objects()
    if (models.isEmpty()) throw Problem("The manifest lists no model. Export at least one.")
    val networks = models.map(::readNetwork)
    networks.forEach(::checkColours)
    return Manifest(
        taxonomy = readTaxonomy(json.getJSONObject("taxonomy")),
        normalisation = readNormalisation(models.first().getJSONObject("normalisation")),
        models = networks,
        parts = json.getJSONArray("parts").objects().map(::readPart),
        bundle = json.optJSONObject("bundle")?.let { readBundle(it, networks.size) },
    )
}

/** What the camera gives are red, green and blue. */
private fun checkColours(network: Network) {
    val shape = network.input.shape
    if (shape.last() != 3) {
        throw Problem(
            "Expected models that take red, green and blue, got one for images of $shape. Train " +
                "a network on images of three channels.",
        )
    }
}

private fun readNetwork(json: JSONObject) = Network(
    file = readFile(json),
    labels = json.getJSONArray("labels").strings(),
    input = readTensor(json.getJSONObject("input")),
    output = readTensor(json.getJSONObject("output")),
    gain = json.optJSONObject("gain")?.let(::readTensor),
    gainNodes = json.getJSONArray("gain_nodes").strings(),
    parameters = json.getLong("parameters"),
    macs = json.getLong("macs"),
)

private fun readPart(json: JSONObject) = Part(
    name = json.getString("name"),
    parent = if (json.isNull("parent")) null else json.getString("parent"),
    network = readNetwork(json),
)

private fun readBundle(json: JSONObject, models: Int): Bundle {
    val signatures = json.getJSONArray("signatures").strings()
    if (signatures.size != models) {
        throw Problem("The manifest has $models models but ${signatures.size} signatures.")
    }
    return Bundle(readFile(json), signatures)
}

private fun readFile(json: JSONObject) = ListedFile(
    path = json.getString("file"),
    sha256 = json.getString("sha256"),
    bytes = json.getLong("bytes"),
)

private fun readTensor(json: JSONObject): Tensor {
    val name = json.getString("dtype")
    val type = DataType.values().find { it.name.equals(name, ignoreCase = true) }
        ?: throw Problem("Expected a tensor of int8, uint8 or float32, got $name.")
    val shape = json.getJSONArray("shape")
    return Tensor(
        shape = List(shape.length(), shape::getInt),
        type = type,
        scale = if (json.isNull("scale")) 1.0 else json.getDouble("scale"),
        zeroPoint = if (json.isNull("zero_point")) 0 else json.getInt("zero_point"),
    )
}

private fun readNormalisation(json: JSONObject) =
    Normalisation(json.getDouble("scale"), json.getDouble("mean"))

private fun readTaxonomy(json: JSONObject): Taxonomy {
    val categories = json.getJSONArray("categories").strings()
    return Taxonomy.of(readChildren(json.getJSONObject("tree")), categories)
}

private fun readChildren(json: JSONObject): List<Node> = json.keys().asSequence().map { name ->
    Node(name, json.optJSONObject(name)?.let(::readChildren).orEmpty())
}.toList()

private fun JSONArray.objects() = List(length(), ::getJSONObject)

private fun JSONArray.strings() = List(length(), ::getString)
