using Build.Qemu;
using Xunit;

namespace Tests.Linux;

/// <summary>The versions of QEMU that a test runs on.</summary>
public static class QemuVersions
{
    public static TheoryData<string> All { get; } = [.. QemuCatalog.Supported];

    /// <summary>Each of them with each attack of the demo.</summary>
    public static TheoryData<string, string> WithDemoKinds
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string qemu in QemuCatalog.Supported)
            {
                foreach (string kind in Build.Runs.AttackKinds.Demo)
                    data.Add(qemu, kind);
            }

            return data;
        }
    }
}
