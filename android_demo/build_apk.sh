#!/usr/bin/env bash
# Builds, signs and checks app/target/hlp-demo-debug.apk without Android Studio, from what Maven
# Central and Debian have, and runs the tests of core and screens: bash android_demo/build_apk.sh
#
# It does what the Android Gradle plugin does for a debug build, with these differences, which
# README.md explains: API 34, org.tensorflow:tensorflow-lite, ProGuard and dx.
#
# SKIP_TESTS=1 leaves the tests out: they are of the models that are included.
set -euo pipefail
cd "$(dirname "$0")"

readonly APPLICATION_ID=hlp.keras.demo
readonly MIN_SDK=24 TARGET_SDK=36
readonly OUT=app/target LIB=app/target/lib TESTS=app/target/tests
readonly APK=$OUT/hlp-demo-debug.apk
readonly SKIP_TESTS=${SKIP_TESTS:-0}

main() {
    step install_tools
    step maven
    step check_sums
    step resources
    step compile
    if [ "$SKIP_TESTS" = 1 ]; then
        echo "== NO tests: SKIP_TESTS=1"
    else
        step screens
    fi
    step dex
    step package
    step sign
    step check
    echo "== $APK: $(stat -c %s "$APK") bytes"
}

step() {
    echo "== $1"
    "$1"
}

# Debian's packages of the programs that are not there.
install_tools() {
    local missing=()
    need javac default-jdk-headless
    need mvn maven
    need aapt2 aapt
    need zipalign zipalign
    need apksigner apksigner
    need zip zip
    need unzip unzip
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "Missing programs. On Debian or Ubuntu: apt-get install ${missing[*]}" >&2
        return 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >/dev/null
}

need() {
    command -v "$1" >/dev/null || missing+=("$2")
}

# The core with its tests, and what the other steps use.
maven() {
    local options=()
    [ "$SKIP_TESTS" = 1 ] && options=(-DskipTests)
    mvn --batch-mode --strict-checksums --no-transfer-progress "${options[@]}" package
}

check_sums() {
    (cd $OUT && sha256sum --check --quiet --strict ../checksums.sha256)
}

resources() {
    rm -rf $OUT/gen $OUT/classes $OUT/dex $OUT/apk
    mkdir -p $OUT/gen $OUT/classes $OUT/dex $OUT/apk
    aapt2 compile --dir app/src/main/res -o $OUT/resources.zip
    # The namespace of build.gradle.kts is the package of R, as with Gradle.
    sed 's/<manifest /&package="hlp.demo" /' app/src/main/AndroidManifest.xml \
        >$OUT/AndroidManifest.xml
    aapt2 link -I $LIB/android-all.jar --manifest $OUT/AndroidManifest.xml \
        --rename-manifest-package $APPLICATION_ID \
        --min-sdk-version $MIN_SDK --target-sdk-version $TARGET_SDK \
        --version-code 1 --version-name 1.0 --debug-mode --auto-add-overlay \
        -A app/src/main/assets -0 .tflite --java $OUT/gen -o $OUT/unaligned.apk $OUT/resources.zip
}

compile() {
    for name in tensorflow-lite tensorflow-lite-api; do
        unzip -qop $LIB/$name.aar classes.jar >$LIB/$name.jar
    done
    local libraries=$LIB/android-all.jar:$LIB/tensorflow-lite.jar:$LIB/tensorflow-lite-api.jar
    javac -nowarn --release 8 -Xlint:-options -d $OUT/classes $OUT/gen/hlp/demo/R.java
    # dx knows no invokedynamic. The classes of java.* are not in android-all.jar.
    kotlinc -Xjdk-release=1.8 -Xlambdas=class -Xsam-conversions=class -Xstring-concat=inline \
        -cp $OUT/classes:core/target/classes:$LIB/kotlin-stdlib.jar:"$libraries" \
        -d $OUT/classes app/src/main/kotlin
}

kotlinc() {
    java -cp "$OUT/tools/*" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler \
        -no-stdlib -no-reflect -jvm-target 1.8 -Werror "$@"
}

# The screens on the desktop, with this build's resources; their pictures go to target/screens.
screens() {
    local aar classes=$TESTS/classes classpath
    rm -rf $classes $OUT/screens
    mkdir -p $classes/com/android/tools
    for aar in $TESTS/lib/*.aar; do
        unzip -qop "$aar" classes.jar >"${aar%.aar}.jar"
    done
    cat >$classes/com/android/tools/test_config.properties <<EOF
android_resource_apk=$OUT/unaligned.apk
android_merged_manifest=$OUT/AndroidManifest.xml
android_merged_assets=app/src/main/assets
android_custom_package=hlp.demo
EOF
    # Robolectric brings its own Android; android-all.jar is for what JUnit sees before that.
    classpath=$(printf '%s:' $TESTS/lib/*.jar)$OUT/classes:core/target/classes:$classes:app/src/test/resources
    classpath+=:$LIB/tensorflow-lite.jar:$LIB/tensorflow-lite-api.jar:$LIB/android-all.jar
    kotlinc -cp "$classpath" -d $classes \
        app/src/test/kotlin core/src/desktop/kotlin
    java -cp "$classpath" -Drobolectric.offline=true -Drobolectric.dependency.dir=$TESTS/android \
        -Dimages=core/src/test/resources/images -Dscreens=$OUT/screens -Xmx2g \
        org.junit.runner.JUnitCore $(test_classes)
}

test_classes() {
    (cd app/src/test/kotlin && find . -name '*Test.kt') | sed 's|^\./||; s|\.kt$||; s|/|.|g' | sort
}

dex() {
    local jdk
    jdk=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
    java -cp "$OUT/tools/*" proguard.ProGuard @app/proguard.pro \
        -injars "$OUT/classes:core/target/classes(hlp/**.class)" \
        -injars "$LIB/kotlin-stdlib.jar(!META-INF/**,**.class)" \
        -injars "$LIB/tensorflow-lite.jar(**.class):$LIB/tensorflow-lite-api.jar(**.class)" \
        -libraryjars "$jdk/jmods/java.base.jmod(!**.jar;!module-info.class)" \
        -libraryjars "$LIB/android-all.jar(android/**.class,dalvik/**.class,org/json/**.class)" \
        -outjars $OUT/shrunk.jar
    java -cp "$OUT/tools/*" com.android.dx.command.Main --dex --min-sdk-version=$MIN_SDK \
        --output=$OUT/dex/classes.dex $OUT/shrunk.jar
}

package() {
    zip -q -j $OUT/unaligned.apk $OUT/dex/classes.dex
    for abi in arm64-v8a armeabi-v7a x86_64; do
        unzip -qo $LIB/tensorflow-lite.aar "jni/$abi/*" -d $OUT/apk
    done
    mv $OUT/apk/jni $OUT/apk/lib
    (cd $OUT/apk && zip -q -r ../unaligned.apk lib)
    zipalign -f -p 4 $OUT/unaligned.apk $APK
}

# With a key of this build's own: a debug APK is for trying out.
sign() {
    rm -f $OUT/debug.keystore
    keytool -genkeypair -keystore $OUT/debug.keystore -storepass android -keypass android \
        -alias debug -keyalg RSA -keysize 2048 -validity 10000 -dname "CN=Android Debug" >/dev/null 2>&1
    apksigner sign --ks $OUT/debug.keystore --ks-pass pass:android --min-sdk-version $MIN_SDK $APK
}

check() {
    apksigner verify --min-sdk-version $MIN_SDK $APK
    zipalign -c -p 4 $APK
    local badging stored
    badging=$(aapt2 dump badging $APK)
    for expected in "package: name='$APPLICATION_ID'" "sdkVersion:'$MIN_SDK'" \
        "targetSdkVersion:'$TARGET_SDK'" "launchable-activity: name='hlp.demo.MainActivity'" \
        "uses-permission: name='android.permission.CAMERA'" "application-debuggable" \
        "uses-feature-not-required: name='android.hardware.camera'"; do
        grep -qF "$expected" <<<"$badging" || fail "no $expected in: $badging"
    done
    # The listing says how each file is kept; models have to be as they are.
    stored=$(unzip -v $APK)
    for file in $(cd app/src/main/assets && find . -name '*.tflite' | cut -c 3-); do
        grep -qE " Stored .* assets/$file\$" <<<"$stored" || fail "$file is missing or compressed"
    done
    for file in assets/models/manifest.json classes.dex lib/arm64-v8a/libtensorflowlite_jni.so; do
        grep -qE " $file\$" <<<"$stored" || fail "$file is missing"
    done
}

fail() {
    echo "The APK is not as it should be: $1" >&2
    return 1
}

main
