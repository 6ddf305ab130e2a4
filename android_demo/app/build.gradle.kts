import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.android)
}

android {
    namespace = "hlp.demo"
    compileSdk = 36

    defaultConfig {
        applicationId = "hlp.keras.demo"
        minSdk = 24
        targetSdk = 36
        versionCode = 1
        versionName = "1.0"
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }

    // The tests draw the screens and run the models with TFLite for the desktop.
    sourceSets.named("test") {
        kotlin.srcDir("../core/src/desktop/kotlin")
    }
    testOptions {
        unitTests {
            isIncludeAndroidResources = true
            all {
                it.systemProperty("images", file("../core/src/test/resources/images").path)
                it.systemProperty("screens", layout.buildDirectory.dir("screens").get().asFile.path)
            }
        }
    }

    // A model is read as it is: compressing it again would only take time.
    androidResources {
        noCompress += "tflite"
    }
}

kotlin {
    compilerOptions {
        jvmTarget = JvmTarget.JVM_1_8
    }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.litert)
    testImplementation(libs.junit4)
    testImplementation(libs.robolectric)
    testImplementation(libs.tensorflow.lite)
}
