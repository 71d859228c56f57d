namespace Build.Runs;

/// <summary>An event of the plug-in in words.</summary>
public static class EventText
{
    public static string Of(PluginEvent line) => line.Name switch
    {
        "loaded" => $"loaded: introcore {line.Field("version")} in QEMU {line.Field("qemu")}",
        "guest" => $"guest seen: {line.Field("vcpus")} vCPU(s), {line.Field("memory")}, running at {line.Field("rip")}",
        "guard" when line.Field("gpa").Length > 0 =>
            $"guards the page at {line.Field("gpa")}, rights left to the guest: {line.Field("rights")}",
        "unguard" => $"guards the page at {line.Field("gpa")} no longer",
        "system" => $"operating system found: {line.Field("type")} {line.Field("version")}",
        "active" => $"active: {line.Text}",
        "inactive" => $"inactive: {line.Text}",
        "engine" => line.Text,
        _ => $"{line.Name}: {line.Text}",
    };
}
