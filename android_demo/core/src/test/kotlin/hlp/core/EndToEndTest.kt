package hlp.core

import org.json.JSONObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.TestFactory

/** Real models on real images give Python's integers, in every way there is. */
class EndToEndTest {
    @TestFactory
    fun withGain() = tests("with_gain", Golden.withGain)

    @TestFactory
    fun withoutGain() = tests("without_gain", Golden.withoutGain)

    private fun tests(key: String, files: ModelFiles): List<DynamicTest> {
        val cases = Golden.json.getJSONArray(key)
        return List(cases.length(), cases::getJSONObject).map { case ->
            val name = "${case["way"]} ${case["labels"]} gain ${case["gain"]}"
            DynamicTest.dynamicTest(name) { check(case, files) }
        }
    }

    private fun check(case: JSONObject, files: ModelFiles) {
        val labels = case.getJSONArray("labels").map(Any::toString)
        val way = Way.valueOf(case.getString("way"))
        val plan = Planner(files.manifest()).plan(labels.toSet(), way)
        val expected = case.getJSONObject("logits")
        Classifier(plan, files, DesktopRuntime()).use { classifier ->
            classifier.setGain(factors(case.getJSONObject("gain")))
            for (image in expected.keySet()) {
                classifier.run(Golden.image(image))
                val got = plan.labels.zip(classifier.stored.map(Float::toInt)).toMap()
                val wanted = expected.getJSONArray(image).map { it as Int }
                assertEquals(labels.zip(wanted).toMap(), got, image)
            }
        }
    }

    private fun factors(json: JSONObject) = json.keySet().associateWith(json::getFloat)
}
