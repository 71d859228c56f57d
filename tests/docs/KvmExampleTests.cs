using System.IO;
using Tests.Native;
using Xunit;

namespace Tests.Docs;

/// <summary>The VMM that the KVM glue's page shows, compiled and linked as it says.</summary>
public sealed class KvmExampleTests
{
    [Fact]
    public void TheVmmOfThePageCompiles()
    {
        string program = Repository.In("artifacts/test/native/kvm-example");
        Directory.CreateDirectory(Path.GetDirectoryName(program)!);
        File.WriteAllText(program + ".c", MarkdownExample.Block("glue/kvm/README.md", "## Embedding it", "c"));
        NativeTools.Compile(
            program,
            [
                program + ".c", "-I" + Repository.In("glue/kvm/include"), Repository.In("artifacts/glue/libintrocore-kvm.a"),
                "-ldl", "-pthread", "-lrt",
            ]);
        Assert.True(File.Exists(program));
    }
}
