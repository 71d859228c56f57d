using System;
using System.IO;
using Build;
using Build.Tools;
using Tests.Linux;
using Xunit;

namespace Tests.Guest;

/// <summary>The KVM glue on this machine's own KVM, where it has one.</summary>
[Collection(GuestCollection.Name)]
public sealed class OwnKvmTests
{
    private const string Device = "/dev/kvm";
    private const string Seconds = "120";

    [Fact]
    public void IntrovmHoldsOnThisMachinesKvm()
    {
        Assert.SkipWhen(Complaint() is not null, $"{Device}: {Complaint()}; EmulatedAmdTests run the same on an emulated processor");
        ProjectPaths paths = ProjectPaths.Find();
        ToolResult result = Tool.Run(
            "timeout", ["--foreground", "-k", "5", Seconds, paths.Introvm, "--library", paths.TestLibrary], paths.Root);
        KvmReport.AssertGood(
            new KvmRun(Device, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), result.ExitCode));
    }

    private static string? Complaint()
    {
        if (!File.Exists(Device))
            return "not there";
        try
        {
            using FileStream opened = new(Device, FileMode.Open, FileAccess.ReadWrite);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }
}
