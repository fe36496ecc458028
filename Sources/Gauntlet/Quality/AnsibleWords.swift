/// What Ansible's playbook keywords and modules are called.
enum AnsibleWords {
    /// Keys of a task that are no module (Ansible documentation, "Playbook Keywords").
    static let taskKeywords: Set<String> = words(
        "action any_errors_fatal args async become become_exe become_flags become_method become_user changed_when "
            + "check_mode collections connection debugger delay delegate_facts delegate_to diff environment "
            + "failed_when ignore_errors ignore_unreachable listen local_action loop loop_control module_defaults name "
            + "no_log notify poll port register remote_user retries run_once tags throttle timeout until vars when "
            + "block rescue always hosts sudo sudo_user"
    )
    /// Keys that say that an item is a play.
    static let playMarks: Set<String> = words(
        "hosts import_playbook ansible.builtin.import_playbook"
    )
    /// What a play does something with.
    static let playWork: Set<String> = words(
        "tasks pre_tasks post_tasks roles handlers import_playbook ansible.builtin.import_playbook include vars_prompt "
            + "gather_facts"
    )
    /// Keys whose lists hold tasks.
    static let taskLists: Set<String> = words("tasks pre_tasks post_tasks handlers block rescue always")
    /// Modules that run a command line.
    static let shells: Set<String> = words("shell command raw script win_shell win_command")
    /// Modules of tasks that may go without a name: they only lead elsewhere.
    static let leading: Set<String> = words(
        "include include_tasks import_tasks include_role import_role meta set_fact include_vars assert fail debug"
    )
    /// Programs that a module does the work of, with the module to use.
    static let modules: [String: String] = [
        "apt": "ansible.builtin.apt", "apt-get": "ansible.builtin.apt", "aptitude": "ansible.builtin.apt",
        "yum": "ansible.builtin.dnf", "dnf": "ansible.builtin.dnf", "rpm": "ansible.builtin.dnf",
        "pip": "ansible.builtin.pip", "pip3": "ansible.builtin.pip", "systemctl": "ansible.builtin.systemd_service",
        "service": "ansible.builtin.service", "cp": "ansible.builtin.copy", "mv": "ansible.builtin.copy",
        "mkdir": "ansible.builtin.file", "rm": "ansible.builtin.file", "rmdir": "ansible.builtin.file",
        "touch": "ansible.builtin.file", "ln": "ansible.builtin.file", "chmod": "ansible.builtin.file",
        "chown": "ansible.builtin.file", "chgrp": "ansible.builtin.file", "curl": "ansible.builtin.get_url",
        "wget": "ansible.builtin.get_url", "git": "ansible.builtin.git", "sed": "ansible.builtin.replace",
        "useradd": "ansible.builtin.user", "usermod": "ansible.builtin.user", "adduser": "ansible.builtin.user",
        "groupadd": "ansible.builtin.group", "tar": "ansible.builtin.unarchive", "unzip": "ansible.builtin.unarchive",
        "hostname": "ansible.builtin.hostname", "mount": "ansible.posix.mount", "sysctl": "ansible.posix.sysctl",
        "crontab": "ansible.builtin.cron", "iptables": "ansible.builtin.iptables", "rsync": "ansible.posix.synchronize",
        "echo": "ansible.builtin.lineinfile", "cat": "ansible.builtin.slurp",
    ]

    private static func words(_ list: String) -> Set<String> {
        Set(list.split(separator: " ").map(String.init))
    }
}
