import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    alias(libs.plugins.kotlin.jvm)
}

java {
    sourceCompatibility = JavaVersion.VERSION_1_8
    targetCompatibility = JavaVersion.VERSION_1_8
}

kotlin {
    compilerOptions {
        jvmTarget = JvmTarget.JVM_1_8
        // Old Android has not all of today's JDK.
        freeCompilerArgs.add("-Xjdk-release=1.8")
    }
    sourceSets.named("test") {
        kotlin.srcDir("src/desktop/kotlin")
    }
}

// The tests also use what only a desktop has.
tasks.compileTestKotlin {
    compilerOptions {
        freeCompilerArgs.set(emptyList<String>())
    }
}

dependencies {
    // Android has these classes itself.
    compileOnly(libs.json)
    testImplementation(libs.json)
    testImplementation(libs.junit)
    testImplementation(libs.tensorflow.lite)
    testRuntimeOnly("org.junit.platform:junit-platform-launcher")
}

tasks.test {
    useJUnitPlatform()
    systemProperty("models", file("../app/src/main/assets/models").path)
}
