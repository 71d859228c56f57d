using Build.Qemu;
using Xunit;

namespace Tests.Unit.BuildProgram;

public sealed class QemuProgramTests
{
    [Theory]
    [InlineData("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright", "7.2.22")]
    [InlineData("QEMU emulator version 10.0.2\n", "10.0.2")]
    [InlineData("cannot open shared object file", null)]
    public void TheVersionIsRead(string output, string? version) => Assert.Equal(version, QemuProgram.VersionIn(output));

    [Theory]
    [InlineData("7.2.22", "7.2", true)]
    [InlineData("10.0.2", "10.0", true)]
    [InlineData("10.0", "10.0", true)]
    [InlineData("7.20.1", "7.2", false)]
    [InlineData("10.1.0", "10.0", false)]
    public void ItIsOfAVersionByWholeNumbers(string full, string version, bool expected) =>
        Assert.Equal(expected, QemuCatalog.IsOf(full, version));

    [Fact]
    public void AProgramThatIsNotThereHasNoVersion() => Assert.Null(QemuProgram.At("/nonexistent/qemu").Version());
}
