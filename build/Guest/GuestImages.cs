namespace Build.Guest;

/// <summary>The two files that a guest boots from.</summary>
public sealed record GuestImages(string Kernel, string Initramfs);
