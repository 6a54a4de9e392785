import MSSCore

/// Texts that explain the places for files.
enum QuickstartTexts {
    static func keys(_ account: String) -> String {
        """
        Clés de l'opérateur. Ce dossier n'est lisible que par le compte du service (0700), chaque clé aussi (0600) ; celle
        d'un autre compte est refusée. Pour en déposer une :
        sudo install -m 0600 -o \(account) -g \(account) FICHIER CE-DOSSIER/

        operateur.pem    certificat SERV SSL de l'IGC-Santé, suivi de l'autorité intermédiaire (PEM)
        operateur.cle    sa clé privée (PEM)
        api-lps.pem      s'il y a lieu, certificat montré aux logiciels de santé, suivi de l'autorité intermédiaire (PEM)
        api-lps.cle      sa clé privée (PEM)
        maitresse.cle    clé qui chiffre les données (faite par quickstart) : à copier hors de la machine

        Aucun secret ne s'écrit dans la configuration ni sur une ligne de commande.

        """
    }

    static let authorities = """
        Autorités de certification reconnues : igc-sante.pem, la racine et les intermédiaires de l'IGC-Santé (PEM),
        téléchargées de http://igc-sante.esante.gouv.fr/PC/#ca

        RE_OPE_5040 : comparer les empreintes avec celles de la source de confiance, maintenant et régulièrement.
        « mss-operator check » affiche l'empreinte SHA-256 de chaque autorité ; notées dans empreintes.txt
        (une empreinte par ligne), elles sont comparées à chaque contrôle.

        """
}

extension Quickstart {
    /// The service, with as little of the machine as it needs (systemd.exec(5)).
    var service: String {
        """
        # Unité systemd de l'opérateur MSSanté. À copier dans /etc/systemd/system/.
        [Unit]
        Description=Opérateur MSSanté (\(serverName.ascii))
        Documentation=file:\(folder)/operateur.yaml
        After=network-online.target time-sync.target clamav-daemon.service
        Wants=network-online.target time-sync.target
        Requires=mss-operator.socket

        [Service]
        Type=notify
        NotifyAccess=main
        ExecStart=\(request.program) run --config \(folder)/operateur.yaml
        ExecReload=/bin/kill -HUP $MAINPID
        \(clientSockets)
        Restart=on-failure
        RestartSec=2
        TimeoutStopSec=60
        User=\(request.account)
        Group=\(request.account)
        UMask=0077
        StateDirectory=\(request.account)
        StateDirectoryMode=0700
        RuntimeDirectory=mssante
        RuntimeDirectoryMode=0750
        LimitNOFILE=65536
        LimitCORE=0

        # Les ports viennent des unités .socket : aucun privilège n'est nécessaire.
        CapabilityBoundingSet=
        AmbientCapabilities=
        NoNewPrivileges=yes
        ProtectSystem=strict
        ReadOnlyPaths=\(folder)
        # Sauvegardes et exports, que le service écrit lui-même. Fait avant le démarrage ; le « - » permet qu'il manque.
        ReadWritePaths=-\(exportFolder)
        ProtectHome=yes
        PrivateTmp=yes
        PrivateDevices=yes
        ProtectClock=yes
        ProtectHostname=yes
        ProtectKernelLogs=yes
        ProtectKernelModules=yes
        ProtectKernelTunables=yes
        ProtectControlGroups=yes
        ProtectProc=invisible
        RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        RemoveIPC=yes
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallErrorNumber=EPERM

        [Install]
        WantedBy=multi-user.target

        """
    }

    /// The socket of the entry point (systemd.socket(5)).
    var socket: String {
        """
        # Port 25 de l'opérateur MSSanté, ouvert par systemd et passé au service sous le nom « smtp ».
        [Unit]
        Description=Point d'entrée des autres opérateurs MSSanté (TM3.1P)

        [Socket]
        ListenStream=25
        BindIPv6Only=both
        FileDescriptorName=smtp
        Backlog=1024
        NoDelay=yes
        Service=mss-operator.service

        [Install]
        WantedBy=sockets.target

        """
    }
}
